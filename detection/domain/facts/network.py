"""What is known of causes that others suffer from: what they call, resolve, trust or read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detection.domain.facts.base import Facts


@dataclass(frozen=True, kw_only=True)
class CallerFacts(Facts):
    """A cause that the logs of its callers tell."""

    callers: int = 0  # how many owners complain
    weak: bool = False  # too few of them to stand alone


@dataclass(frozen=True, kw_only=True)
class DependencyFacts(CallerFacts):
    """Something that its callers fail on."""

    dependency: str = ""  # its name


@dataclass(frozen=True, kw_only=True)
class ServiceFacts(CallerFacts):
    """A Service that selects no pod, leads to a wrong port, or is not there."""

    selector: Mapping[str, str] = field(default_factory=dict)  # what it selects by
    labels: Mapping[str, str] = field(default_factory=dict)  # what a ready pod bears
    target_port: int | str = ""  # the port that it leads to, by number or name
    declared: tuple[int, ...] = ()  # the ports that its pods declare
    missing: str = ""  # name of the Service that is not there
    missing_kind: str = ""  # Service


@dataclass(frozen=True, kw_only=True)
class DnsFacts(CallerFacts):
    """Names that can't be resolved."""

    single: bool = False  # one owner's own trouble
    server_sick: bool = False  # the DNS server itself shows signs
    hosts: tuple[str, ...] = ()  # the names that were asked for


@dataclass(frozen=True, kw_only=True)
class CertificateFacts(CallerFacts):
    """A certificate that has expired."""

    secret: str = ""  # name of the Secret that holds it
    names: tuple[str, ...] = ()  # DNS names that it is for


@dataclass(frozen=True, kw_only=True)
class IngressFacts(Facts):
    """An Ingress that names what is not there."""

    problems: tuple[str, ...] = ()  # a sentence for each


@dataclass(frozen=True, kw_only=True)
class DriftFacts(CallerFacts):
    """Settings that changed under pods that run, or with the newest revision."""

    changed: str = ""  # name of the ConfigMap or Secret
    changed_kind: str = ""  # ConfigMap or Secret
    error_ratio: float = 0.0  # share of its answers that are errors
