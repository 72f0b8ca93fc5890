"""Diagnoses of what fails around workloads: network, certificates, volumes, nodes, configuration.

Most of them are what was seen, and whom it concerns: the finding's evidence names the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from remediation.sentences import quoted_text, revision_text

Rule = Callable[[Finding], str]
SURE, LIKELY = 0.95, 0.8


def _seen(finding: Finding) -> str:
    return f"{quoted_text(finding.summary).rstrip('.')}.{revision_text(finding)}"


def _for_callers(finding: Finding) -> str:
    number = finding.facts.get("callers")
    return f"{_seen(finding)} {number} owners suffer from it." if number else _seen(finding)


def _dependency(finding: Finding) -> str:
    return f"{_for_callers(finding)} What has to be mended is the dependency, not its callers."


def _volume(finding: Finding) -> str:
    size = quoted_text(finding.facts.get("size") or "unknown size")
    grows = "lets it grow" if finding.facts.get("expandable") else "does not let it grow"
    return f"{_seen(finding)} It has {size}, and its StorageClass {grows}."


def _kernel(finding: Finding) -> str:
    if finding.facts.get("corroborated"):
        return f"{_seen(finding)} Its readiness, or pods that fail there alone, bear it out."
    return f"{_seen(finding)} Nothing else bears it out, and such a condition never clears alone."


AROUND_RULES: Mapping[Cause, tuple[Rule, float]] = {
    Cause.SELECTOR_MISMATCH: (_for_callers, LIKELY),
    Cause.WRONG_TARGET_PORT: (_for_callers, LIKELY),
    Cause.SERVICE_DELETED: (_for_callers, LIKELY),
    Cause.NETPOL_BLOCK: (_for_callers, LIKELY),
    Cause.DNS_FAILURE: (_for_callers, LIKELY),
    Cause.INGRESS_BROKEN: (_seen, SURE),
    Cause.CERT_EXPIRED: (_for_callers, LIKELY),
    Cause.DEPENDENCY_CASCADE: (_dependency, LIKELY),
    Cause.VOLUME_FILLING: (_volume, SURE),
    Cause.MULTI_ATTACH: (_seen, SURE),
    Cause.DISK_PRESSURE: (_seen, SURE),
    Cause.MEMORY_PRESSURE: (_seen, SURE),
    Cause.PID_PRESSURE: (_seen, SURE),
    Cause.KERNEL_FAULT: (_kernel, LIKELY),
    Cause.APISERVER_OVERLOAD: (_seen, LIKELY),
    Cause.NAMESPACE_TERMINATING: (_seen, SURE),
    Cause.STALE_SECRET_ENV: (_seen, LIKELY),
    Cause.ENV_CHANGED: (_seen, LIKELY),
    Cause.MESH_DENY: (_for_callers, LIKELY),
}
