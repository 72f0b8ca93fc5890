"""KubeWise's version, the one of pyproject.toml (a test compares)."""

VERSION = "0.1.0"
