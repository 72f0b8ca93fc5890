"""Faults by name: each is injected at a time, names the cause it should produce.

And what ends it. Every module of this folder is loaded here: a class with `@fault` is all it takes.
"""

from importlib import import_module
from pkgutil import iter_modules

from simulator.faults.base import FAULTS, Fault, FaultTarget, catalogue, make_fault, parse_target

__all__ = ["FAULTS", "Fault", "FaultTarget", "catalogue", "make_fault", "parse_target"]

for module in sorted(found.name for found in iter_modules(__path__)):
    import_module(f"{__name__}.{module}")
