"""A cluster in a box: Kubernetes API subset, controllers.

Prometheus API and faults in one process.
"""

__all__ = ["Simulator"]


def __getattr__(name: str) -> object:
    if name == "Simulator":
        from simulator.simulator import Simulator

        return Simulator
    raise AttributeError(name)
