"""Scenarios that nobody wrote: other names, wordings and times, noise, and two failures at once.

Whoever decides by structure finds the same in them; whoever learned the repository's scenarios by
heart does not. Everything follows from the seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

Obj = dict[str, Any]
LogKey = tuple[str, str, str, bool]
WORDS = (
    "amber", "basil", "cedar", "delta", "ember", "fjord", "glade", "heron", "iris", "jade",
    "krill", "lotus", "maple", "nimbus", "onyx", "pearl", "quartz", "raven", "sable", "tulip",
    "umbra", "violet", "willow", "xenon", "yarrow", "zephyr"
)  # fmt: skip
# What has a meaning of its own, to Kubernetes or to us.
KEPT = frozenset(
    {
        "kube-system", "kube-public", "kube-node-lease", "default", "coredns", "kube-dns",
        "kube-proxy", "metrics-server", "app", "main", "web", "data", "istio-system",
        "istio-proxy", "system", "public", "standard", "local",
    }
)  # fmt: skip
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
EVENTS_LIVE_SECONDS = 3600
NOISE = (
    'INFO "GET /healthz HTTP/1.1" 200 2',
    "INFO cache warmed in 131 ms",
    "DEBUG worker 3 idle",
    "WARN deprecated option, see the guide",
)
# Each group says the same, as other resolvers, sockets, runtimes and registries write it.
SAME: tuple[tuple[str, ...], ...] = (
    ("no such host", "Name or service not known", "getaddrinfo ENOTFOUND", "NXDOMAIN"),
    ("connection refused", "Connection refused", "ECONNREFUSED", "actively refused it"),
    ("i/o timeout", "ETIMEDOUT", "Connection timed out", "context deadline exceeded"),
    ("connection reset by peer", "ECONNRESET", "read: Connection reset by peer"),
    (
        "password authentication failed for user",
        "Access denied for user",
        "authentication failed for user",
    ),
    (
        "certificate has expired or is not yet valid",
        "certificate has expired",
        "CERT_HAS_EXPIRED",
        "PKIX path validation failed: certificate expired",
    ),
    (
        "No space left on device",
        "no space left on device",
        "ENOSPC: no space left on device, write",
    ),
    ("manifest unknown", "manifest for this tag not found"),
    ("toomanyrequests", "429 Too Many Requests"),
    ("server misbehaving", "SERVFAIL", "Temporary failure in name resolution"),
)


@dataclass(frozen=True)
class ServedCase:
    """What is served, and what is expected of it."""

    name: str
    spec: Mapping[str, Any]
    objects: list[Obj]
    logs: dict[LogKey, str]
    metrics: list[Obj]


def mutated(case: ServedCase, seed: int, now: datetime) -> ServedCase:
    """The same failure under other names, in other words, at other times, with noise."""
    chance = random.Random(f"{case.name}/{seed}")
    for step in (renamed, reworded):
        case = step(case, chance)
    return noisy(without_expired_events(retimed(case, chance, now), now), chance)


def renamed(case: ServedCase, chance: random.Random) -> ServedCase:
    """Every object's name and namespace, wherever it is written."""
    names = sorted(_names(case.objects), key=len, reverse=True)
    new = {name: _invented(chance, number) for number, name in enumerate(names)}
    if not names:
        return case
    pattern = re.compile(rf"(?<![a-z0-9])({'|'.join(map(re.escape, names))})(?![a-z0-9])")

    def rename(text: str) -> str:
        return text if UUID.match(text) else pattern.sub(lambda match: new[match[1]], text)

    logs = {
        (rename(namespace), rename(pod), container, previous): rename(text)
        for (namespace, pod, container, previous), text in case.logs.items()
    }
    return ServedCase(
        case.name,
        _each(case.spec, rename),
        _each(case.objects, rename),
        logs,
        _each(case.metrics, rename),
    )


def _names(objects: Iterable[Obj]) -> set[str]:
    """Of pods and ReplicaSets only what their owners don't lend them."""
    found: set[str] = set()
    for item in objects:
        meta = item["metadata"]
        if item["kind"] not in ("Event", "ReplicaSet", "ControllerRevision"):
            if not (item["kind"] == "Pod" and meta.get("ownerReferences")):
                found.add(meta["name"])
            found.add(meta.get("namespace", ""))
    return {name for name in found if len(name) > 2 and not _is_kept(name) and not _is_hex(name)}


def _is_kept(name: str) -> bool:
    """An APIService bears the name of its API."""
    return name in KEPT or name.endswith(".k8s.io")


def _is_hex(name: str) -> bool:
    return re.fullmatch(r"[0-9a-f]+", name) is not None


def _invented(chance: random.Random, number: int) -> str:
    form = chance.choice(("{a}-{b}{n}", "{a}{n}", "{a}-{n}-{b}", "x{n}-{a}"))
    return form.format(a=chance.choice(WORDS), b=chance.choice(WORDS), n=number)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """All strings that are values; keys are Kubernetes' own words."""
    if isinstance(value, Mapping):
        return {key: _each(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_each(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def reworded(case: ServedCase, chance: random.Random) -> ServedCase:
    """In messages and logs, each phrase becomes another that says the same."""

    def reword(text: str) -> str:
        for group in SAME:
            for phrase in sorted(group, key=len, reverse=True):
                if phrase in text:
                    text = text.replace(phrase, chance.choice(group))
                    break
        return text

    objects = [_messages(item, reword) for item in case.objects]
    return replace(
        case, objects=objects, logs={key: reword(text) for key, text in case.logs.items()}
    )


def _messages(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            key: change(inner)
            if key == "message" and isinstance(inner, str)
            else _messages(inner, change)
            for key, inner in value.items()
        }
    return [_messages(inner, change) for inner in value] if isinstance(value, list) else value


def retimed(case: ServedCase, chance: random.Random, now: datetime) -> ServedCase:
    """Everything began longer ago; in controls not so long: they are about what is young."""
    factor = chance.uniform(1.0, 1.25) if case.spec.get("expect") else chance.uniform(0.85, 1.0)

    def retime(text: str) -> str:
        if not STAMP.match(text):
            return text
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (now - (now - moment) * factor).strftime("%Y-%m-%dT%H:%M:%SZ")

    metrics = [
        series
        | {"samples": [[now.timestamp() - (now.timestamp() - at) * factor, value]
                       for at, value in series["samples"]]}
        for series in case.metrics
    ]  # fmt: skip
    return replace(case, objects=_each(case.objects, retime), metrics=metrics)


def without_expired_events(case: ServedCase, now: datetime) -> ServedCase:
    """The API server forgets them after an hour."""

    def lives(item: Obj) -> bool:
        stamp = item.get("lastTimestamp") if item["kind"] == "Event" else None
        if not stamp:
            return True
        moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (now - moment).total_seconds() < EVENTS_LIVE_SECONDS

    return replace(case, objects=[item for item in case.objects if lives(item)])


def noisy(case: ServedCase, chance: random.Random) -> ServedCase:
    """Harmless lines before the telling ones, and lists in another order."""
    objects = list(case.objects)
    chance.shuffle(objects)
    logs = {
        key: "\n".join([*chance.choices(NOISE, k=chance.randint(0, 20)), text])
        for key, text in case.logs.items()
    }
    return replace(case, objects=objects, logs=logs)


ALONE = frozenset({"nodes", "refused", "throttled", "prometheus", "blind", "metrics"})


def may_be_paired(case: ServedCase) -> bool:
    """One that concerns its own objects alone: the cluster around it is as healthy as ever."""
    expected = case.spec.get("expect") or []
    items = [expected] if isinstance(expected, Mapping) else expected
    local = all(item["owner"]["namespace"] not in ("", "kube-system") for item in items)
    return bool(items) and local and not ALONE & case.spec.keys()


def paired(first: ServedCase, second: ServedCase, background: Iterable[Obj]) -> ServedCase:
    """Both at once, in one cluster. Whoever stands in both is there once."""
    keys = {_key(item) for item in (*first.objects, *background)}
    objects = [*first.objects, *(item for item in second.objects if _key(item) not in keys)]
    expected = [*_listed(first), *_listed(second)]
    return ServedCase(
        f"{first.name}+{second.name}",
        {**first.spec, "expect": expected},
        objects,
        first.logs | second.logs,
        [],
    )


def clash(first: ServedCase, second: ServedCase, background: Iterable[Obj]) -> bool:
    """Whether both make an object of the same name."""
    shared = {_key(item) for item in background}
    return bool(
        {_key(item) for item in first.objects} & {_key(item) for item in second.objects} - shared
    )


def _key(item: Obj) -> tuple[str, str, str]:
    meta = item["metadata"]
    return item["kind"], meta.get("namespace", ""), meta["name"]


def _listed(case: ServedCase) -> list[Mapping[str, Any]]:
    found = case.spec.get("expect") or []
    return [found] if isinstance(found, Mapping) else list(found)
