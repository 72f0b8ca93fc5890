"""Faults by name: each is injected at a time, names the cause it should produce.

And what ends it.
"""

from simulator.faults import controls, nodes, pods, releases, scaling  # noqa: F401
from simulator.faults.base import FAULTS, Fault, FaultTarget, catalogue, make_fault, parse_target

__all__ = ["FAULTS", "Fault", "FaultTarget", "catalogue", "make_fault", "parse_target"]
