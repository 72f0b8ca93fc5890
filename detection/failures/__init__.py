"""What can fail, as small pure functions from a snapshot to findings; one file per kind of object.

`find_all` runs them all. To add one: a function with `@failure(Cause.X)` in the file of its kind,
and its cause in causes.py.
"""

from detection.context import Context, Dwell, Metrics
from detection.failures import (  # noqa: F401 importing them is what registers them
    admission,
    autoscaling,
    claims,
    configuration,
    cordons,
    crashes,
    cronjobs,
    daemonsets,
    disruptions,
    images,
    init_hang,
    jobs,
    nodes,
    preemption,
    probes,
    readiness,
    sandboxes,
    scaling,
    scheduling,
    statefulsets,
    terminating,
    throttling,
    workloads,
)
from detection.failures.registry import FAILURES, Failure, failure, find_all

__all__ = ["FAILURES", "Context", "Dwell", "Failure", "Metrics", "failure", "find_all"]
