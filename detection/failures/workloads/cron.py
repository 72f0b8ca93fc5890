"""When a CronJob was due, by the schedule as Kubernetes writes it."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
PREFIXES = ("TZ=", "CRON_TZ=")
MOST_RUNS = 1000


def runs_between(
    schedule: str, time_zone: str, start: datetime, end: datetime
) -> list[datetime] | None:
    """The runs after `start` up to `end`, the first thousand; None for what can't be read."""
    try:
        fields, zone = _parts(schedule, time_zone)
        found: list[datetime] = []
        for run in CronSim(fields, start.astimezone(zone)):
            at = run.astimezone(UTC)
            if at > end or len(found) >= MOST_RUNS:
                break
            found.append(at)
    except (CronSimError, OSError, ValueError, LookupError):
        return None
    return found


def _parts(schedule: str, time_zone: str) -> tuple[str, tzinfo]:
    """Raises what ZoneInfo raises for a zone that isn't known."""
    text, name = schedule.strip(), time_zone
    for prefix in PREFIXES:
        if text.startswith(prefix):
            head, _, text = text.partition(" ")
            name = head.removeprefix(prefix)
    text = MACROS.get(text.strip().lower(), text.strip()).replace("?", "*")
    return text, ZoneInfo(name) if name and name not in ("UTC", "Local") else UTC
