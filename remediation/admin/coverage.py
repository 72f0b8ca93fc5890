"""What a maintenance window or a silence would cover, by the rule that decides it later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from detection import history
from detection.models import Cluster, Incident
from detection.samples import Owners
from detection.states import OPEN
from remediation.admin.page import owner

MOST_ROWS = 50
MOST_OPEN = 2000
Owner = tuple[str, str, str]


def coverage(cluster: Cluster, form: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`message` and `rows`: open incidents first, then owners that the last scan saw."""
    namespaces, names = str(form.get("namespace_pattern", "")), str(form.get("name_pattern", ""))

    def covered(namespace: str, name: str) -> bool:
        return fnmatchcase(namespace, namespaces) and fnmatchcase(name, names)

    rows = Incident.objects.filter(cluster=cluster, closed_at__isnull=True, status__in=OPEN)
    found = [row for row in rows.order_by("-last_seen")[:MOST_OPEN]
             if covered(row.owner_namespace, row.owner_name)]  # fmt: skip
    broken = {owner(row) for row in found}
    known = sorted(
        f"{kind} {space}/{thing}"
        for kind, space, thing in _owners(history.owner_map(cluster.pk))
        if covered(space, thing)
    )
    healthy = [name for name in known if name not in broken]
    told = f"{len(found)} open incidents and {len(healthy)} other owners are covered"
    shown = [{"series": owner(row), "value": row.summary, "beyond": True} for row in found]
    shown += [{"series": name, "value": "healthy", "beyond": False} for name in healthy]
    return {"message": f"{told}{_when(form, now)}.", "rows": shown[:MOST_ROWS], "charts": []}


def _owners(known: Owners) -> Iterator[Owner]:
    found = {(one.kind, pod.partition("/")[0], one.name) for pod, one in known.pods.items()}
    yield from found


def _when(form: Mapping[str, Any], now: datetime) -> str:
    starts, ends = _moment(form, "starts_at"), _moment(form, "ends_at")
    if starts is None or ends is None:
        return ""
    if ends <= starts:
        return "; but it ends before it starts"
    if ends <= now:
        return "; but it is over already"
    return ", from now on" if starts <= now else f", from {starts:%Y-%m-%d %H:%M} UTC on"


def _moment(form: Mapping[str, Any], name: str) -> datetime | None:
    try:
        text = f"{form.get(f'{name}_0', '')}T{form.get(f'{name}_1', '')}"
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
