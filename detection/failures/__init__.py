"""What can fail, as small pure functions from a snapshot to findings; one file per kind of object.

`find_all` runs them all. To add one: a function with `@failure(Cause.X)` in the file of its kind,
and its cause in causes.py.
"""

from detection.context import Context, Dwell, Metrics
from detection.failures import (  # noqa: F401 importing them is what registers them
    admission,
    autoscaling,
    certificates,
    certificates_ending,
    claims,
    configuration,
    control_plane,
    cordons,
    crashes,
    cronjobs,
    daemonsets,
    dependencies,
    disruptions,
    dns,
    drift,
    images,
    ingresses,
    init_hang,
    jobs,
    nodes,
    policies,
    preemption,
    pressure,
    probes,
    readiness,
    restarts,
    sandboxes,
    scaling,
    scheduling,
    services,
    statefulsets,
    terminating,
    throttling,
    volumes,
    workloads,
)
from detection.failures.registry import FAILURES, Failure, failure, find_all

__all__ = ["FAILURES", "Context", "Dwell", "Failure", "Metrics", "failure", "find_all"]
