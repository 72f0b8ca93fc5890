"""The settings that bound remediation, as one value."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from remediation.case import Limits


def limits() -> Limits:
    """As the settings have them."""
    return Limits(
        auto_critical=settings.AUTO_REMEDIATE_CRITICAL,
        auto_predicted=settings.AUTO_REMEDIATE_PREDICTED,
        protected=frozenset(settings.PROTECTED_NAMESPACES),
        blacklist=frozenset(settings.BLACKLISTED_COMMANDS),
        safe_critical=frozenset(settings.SAFE_CRITICAL_COMMANDS),
        safe_proactive=frozenset(settings.SAFE_PROACTIVE_COMMANDS),
        warm_up=timedelta(seconds=settings.AUTO_WARM_UP_SECONDS),
    )
