"""The mode and the stop switch: what counts now, who set it, since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from detection.models import Cluster
from remediation.audit.signals import by
from remediation.models import Mode, ModeChoice, StopSwitch


@dataclass(frozen=True)
class ModeAndStop:
    """`auto_since` is when AUTO began, None in MANUAL."""

    mode: ModeChoice
    auto_since: datetime | None
    stopped: bool
    stop_reason: str = ""
    stop_actor: str = ""

    @property
    def auto(self) -> bool:
        return self.mode == ModeChoice.AUTO

    @property
    def stop_sentence(self) -> str:
        """Who pulled the stop switch, and why."""
        why = f": {self.stop_reason}" if self.stop_reason else "; no reason was given"
        return f"{self.stop_actor} pulled the stop switch{why}"


def standing(cluster: Cluster) -> ModeAndStop:
    """Mode and stop switch as the database has them now."""
    stop = StopSwitch.objects.filter(cluster=cluster).first()
    mode = current_mode(cluster)
    since = auto_since(cluster) if mode == ModeChoice.AUTO else None
    stopped = bool(stop and stop.stopped)
    reason, actor = (stop.reason, stop.actor) if stop and stopped else ("", "")
    return ModeAndStop(mode, since, stopped, reason, actor)


def current_mode(cluster: Cluster) -> ModeChoice:
    """The newest row; DEFAULT_REMEDIATION_MODE counts only until there is one."""
    row = Mode.objects.filter(cluster=cluster).first()
    return ModeChoice(row.mode if row else settings.DEFAULT_REMEDIATION_MODE)


def auto_since(cluster: Cluster) -> datetime:
    """When the present AUTO began: the row after the last MANUAL, else the first watch."""
    rows = Mode.objects.filter(cluster=cluster)
    last_manual = rows.filter(mode=ModeChoice.MANUAL).first()
    if last_manual:
        rows = rows.filter(pk__gt=last_manual.pk)
    first = rows.order_by("at", "id").first()
    return first.at if first else cluster.created_at


def set_mode(cluster: Cluster, mode: str, actor: str, reason: str, now: datetime) -> Mode:
    """Add a row. `mode` in any case. Raises ValueError for what is no mode."""
    choice = ModeChoice(mode.upper())
    row = Mode(cluster=cluster, mode=choice, actor=actor, reason=reason, at=now)
    with by(actor, now):
        row.save()
    return row


def set_stop(cluster: Cluster, stopped: bool, actor: str, reason: str, now: datetime) -> StopSwitch:
    """Pull or release the stop switch; every worker reads it before its next API call."""
    row = StopSwitch(cluster=cluster, stopped=stopped, actor=actor, reason=reason, at=now)
    with by(actor, now):
        row.save()
    return row
