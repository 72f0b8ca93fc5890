"""The settings that bound remediation, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from remediation.actions import blacklist, configured


def limits() -> Limits:
    """As the settings have them."""
    return Limits(
        auto_critical=settings.AUTO_REMEDIATE_CRITICAL,
        auto_predicted=settings.AUTO_REMEDIATE_PREDICTED,
        protected=frozenset(settings.PROTECTED_NAMESPACES),
        blacklist=blacklist(),
        safe_critical=configured("SAFE_CRITICAL_COMMANDS"),
        safe_proactive=configured("SAFE_PROACTIVE_COMMANDS"),
        warm_up=timedelta(seconds=settings.AUTO_WARM_UP_SECONDS),
    )


WARM_UP = timedelta(minutes=10)


@dataclass(frozen=True)
class Limits:
    """The settings that bound what may be done."""

    auto_critical: bool = False
    auto_predicted: bool = False
    protected: frozenset[str] = frozenset({"kube-system", "kube-public", "kube-node-lease"})
    blacklist: frozenset[str] = frozenset()
    safe_critical: frozenset[str] = frozenset()
    safe_proactive: frozenset[str] = frozenset()
    warm_up: timedelta = WARM_UP
