"""What can fail, as small pure functions from a snapshot to findings; one file per kind of object.

`find_all` runs them all. To add one: a function with `@failure(Cause.X)` in the file of its kind;
every module of every topic below this folder is loaded here, so nothing else is to be edited.
"""

from importlib import import_module
from pkgutil import walk_packages

from detection.failures.context import Context, Metrics
from detection.failures.dwell import Dwell
from detection.failures.registry import FAILURES, Failure, failure, find_all

__all__ = ["FAILURES", "Context", "Dwell", "Failure", "Metrics", "failure", "find_all"]

TOPICS = ("containers", "network", "nodes", "scheduling", "starting", "storage", "workloads")

for topic in TOPICS:
    package = import_module(f"{__name__}.{topic}")
    for module in sorted(m.name for m in walk_packages(package.__path__, f"{package.__name__}.")):
        import_module(module)
