"""KubeWise over time: a day in minutes (`python -m benchmarks.soak`), an hour with processes."""
