"""What KubeWise relies on of Kubernetes' API, asked of the simulator and of a real API server."""
