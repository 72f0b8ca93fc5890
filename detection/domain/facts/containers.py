"""What is known of one container: how it ends, its memory, its image, its settings, its probes."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts.base import Facts


@dataclass(frozen=True, kw_only=True)
class ContainerFacts(Facts):
    """A container that crashes, hangs, or can't be started."""

    image: str = ""  # the image that the template names, else the one that runs
    exit_code: int | None = None  # of its last end; None: none is known
    restarts: int = 0  # how often it was restarted
    init: bool = False  # it is an init container
    sidecar: bool = False  # it is an init container that keeps running
    stable_revision: bool = False  # its revision ran well for long before


@dataclass(frozen=True)
class Growth:
    """How fast a container fills its limit, as a share of it, and from start to limit in seconds.

    `steady`: it climbs on a line, as a leak does, rather than in a step, as work does.
    """

    share_an_hour: float
    seconds_to_limit: float
    steady: bool


@dataclass(frozen=True, kw_only=True)
class MemoryFacts(ContainerFacts):
    """A container that is killed at its memory limit."""

    memory_limit: str = ""  # as written, with its unit; '' for none
    memory_request: str = ""  # as written, with its unit; '' for none
    working_set_ratio: float | None = None  # highest share of the limit; None: no metric tells
    limit_lowered: bool = False  # the newest revision lowered the limit
    raised_at: str | None = None  # ISO time when the newest revision raised it, within a day
    growth: Growth | None = None  # how it fills its limit; None: no metric tells
    vpa: bool = False  # a VerticalPodAutoscaler sets its resources
    node_memory_pressure: bool = False  # its node is short of memory, too


@dataclass(frozen=True, kw_only=True)
class ThrottlingFacts(Facts):
    """A container whose CPU limit holds it back."""

    throttled_ratio: float = 0.0  # share of its CPU periods in which it had to wait
    symptom: bool = False  # pods of it are not ready
    cpu_limit: str = ""  # as written, with its unit; '' for none


@dataclass(frozen=True, kw_only=True)
class ImageFacts(ContainerFacts):
    """An image that can't be pulled."""

    registry: str = ""  # host of the registry
    platform: str = ""  # of the node that it fails on: windows/amd64; '' where it is not known
    pull: str = ""  # what the failed pull means: refused, rate limit, unknown host, …
    undetermined: bool = False  # nothing said why the pull failed
    secrets_missing: bool = False  # the kubelet could not read one of them
    pull_secrets: tuple[str, ...] = ()  # names of the pull Secrets that all its pods name


@dataclass(frozen=True, kw_only=True)
class ConfigurationFacts(ContainerFacts):
    """A container, or a volume, that names a ConfigMap or Secret that is not there."""

    missing: str = ""  # name of what is missing
    missing_kind: str = ""  # ConfigMap or Secret


@dataclass(frozen=True, kw_only=True)
class ProbeFacts(ContainerFacts):
    """A container that its probe kills, or never lets be ready."""

    probe: str = ""  # startup, liveness or readiness
    check: str = ""  # how it asks: httpGet, tcpSocket, exec or grpc
