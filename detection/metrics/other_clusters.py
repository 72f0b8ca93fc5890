"""Whether Prometheus shows things of another cluster: then nothing it says can be told apart.

What a whole scan saw within the last hour is this cluster's. Nodes, namespaces and UIDs of pods
that Prometheus samples now and that are none of these are signs, once they have stayed so for
longer than a pod that lives between two scans can be seen. Prometheus is then blind until no sign
was seen for ten minutes. While scans are too young to tell, a sign makes it blind at once, for
half a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

import msgspec
from django.conf import settings

from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import PrometheusError
from detection.metrics.samples import SCAN_COUNTS_SECONDS
from kubewise_site.core import cache
from kubewise_site.core.cache import packed

REMEMBERED_SECONDS, LONGEST_GAP_SECONDS = 3600, 300
SIGN_SECONDS, HELD_SECONDS, YOUNG_SECONDS = 150, 600, 30
SHOWN = 3
_FRESH = "{0} and (time() - timestamp({0}) < 120)"
PRESENT = " or ".join(map(_FRESH.format, ("kube_pod_info", "kube_node_info")))
NODE, NAMESPACE, UID = "nodes", "namespaces", "UIDs of pods"
Thing = tuple[str, str]
Kept = TypeVar("Kept")


class _Known(msgspec.Struct):
    """ "kind name" → when a whole scan last saw it; since when scans follow one another."""

    seen: dict[str, float]
    since: float
    at: float


class _Signs(msgspec.Struct):
    """Things that are not known → since when; a reason to be blind, and until when it holds."""

    since: dict[str, float]
    reason: str = ""
    until: float = 0.0


def remember(cluster_id: int, uids: Mapping[str, str], at: datetime) -> None:
    """What a whole scan saw: "Kind/namespace/name" → UID."""
    now = at.timestamp()
    old = _read(_known_key(cluster_id), _Known) or _Known({}, now, now)
    seen = {one: when for one, when in old.seen.items() if now - when <= REMEMBERED_SECONDS}
    seen |= dict.fromkeys(map(_text, _things_of(uids)), now)
    since = old.since if now - old.at <= LONGEST_GAP_SECONDS else now
    value = packed.compress(_Known(seen, since, now))
    cache.set_many({_known_key(cluster_id): value}, REMEMBERED_SECONDS)


def look(cluster_id: int, client: Prometheus, now: datetime) -> str:
    """Why Prometheus is blind; '' where it is not, or nobody can tell. Never raises."""
    known = _read(_known_key(cluster_id), _Known)
    if known is None or now.timestamp() - known.at > SCAN_COUNTS_SECONDS:
        return held(cluster_id, now)
    try:
        series = client.query(PRESENT, now).series
    except PrometheusError:
        return held(cluster_id, now)
    present = {thing for one in series for thing in _things_in(one.labels)}
    _save_signs(cluster_id, known, present, now.timestamp())
    return held(cluster_id, now)


def held(cluster_id: int, now: datetime) -> str:
    """The reason of the last look that found signs, for as long as it holds; asks nobody."""
    signs = _read(_signs_key(cluster_id), _Signs)
    return signs.reason if signs and now.timestamp() < signs.until else ""


def _save_signs(cluster_id: int, known: _Known, present: set[Thing], now: float) -> None:
    old = _read(_signs_key(cluster_id), _Signs) or _Signs({})
    strange = sorted(one for one in present if _text(one) not in known.seen)
    since = {_text(one): old.since.get(_text(one), now) for one in strange}
    lasting = [one for one in strange if now - since[_text(one)] >= SIGN_SECONDS]
    young = strange if now - known.since < SIGN_SECONDS else []
    if lasting:
        new = _Signs(since, _reason(lasting), now + HELD_SECONDS)
    elif young:
        new = _Signs(since, _reason(young), max(now + YOUNG_SECONDS, old.until))
    else:
        new = _Signs(since, old.reason, old.until)
    cache.set_many({_signs_key(cluster_id): packed.compress(new)}, REMEMBERED_SECONDS)


def _reason(signs: Iterable[Thing]) -> str:
    """Of the plainest kind: nodes before namespaces before UIDs."""
    by_kind = {kind: [name for this, name in signs if this == kind]
               for kind in (NODE, NAMESPACE, UID)}  # fmt: skip
    kind, names = next((kind, names) for kind, names in by_kind.items() if names)
    shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return f"mixed clusters: Prometheus shows {kind} of another cluster: {shown}; {_advice()}"


def _advice() -> str:
    if settings.PROMETHEUS_MATCHERS:
        return "PROMETHEUS_MATCHERS does not select this cluster alone"
    return 'set PROMETHEUS_MATCHERS, such as cluster="prod-1"'


def _things_of(uids: Mapping[str, str]) -> Iterable[Thing]:
    for name, uid in uids.items():
        kind, namespace, own = name.split("/", 2)
        if kind == "Pod":
            yield UID, uid
        elif kind in ("Node", "Namespace"):
            yield (NODE if kind == "Node" else NAMESPACE), own
        if namespace:
            yield NAMESPACE, namespace


def _things_in(labels: Mapping[str, str]) -> Iterable[Thing]:
    for kind, label in ((NODE, "node"), (NAMESPACE, "namespace"), (UID, "uid")):
        is_pods = "pod" in labels or "exported_pod" in labels
        name = labels.get(f"exported_{label}") or labels.get(label, "")
        if name and (kind == NODE or is_pods):
            yield kind, name


def _text(thing: Thing) -> str:
    return " ".join(thing)


def _read(key: str, kind: type[Kept]) -> Kept | None:
    try:
        found: Kept = packed.decompress((cache.get_many([key]) or {}).get(key), kind)
    except packed.Unreadable:
        return None
    return found


def _known_key(cluster_id: int) -> str:
    return f"clusters:{cluster_id}:known"


def _signs_key(cluster_id: int) -> str:
    """Of these matchers: signs that were seen with others say nothing of what is seen now."""
    matchers = sha256(settings.PROMETHEUS_MATCHERS.encode()).hexdigest()[:16]
    return f"clusters:{cluster_id}:signs:{matchers}"
