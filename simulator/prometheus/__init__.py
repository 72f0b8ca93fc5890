"""The Prometheus HTTP API over series in memory, so that KubeWise can run without a Prometheus."""
