"""A real Kubernetes control plane for tests: built from Go modules, started on free ports, with a
process in the place of kubelets.
"""
