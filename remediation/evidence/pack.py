"""One observation of an evidence pack, and the pack itself: bounded, redacted, numbered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from detection.domain.findings import Finding
from detection.metrics.history import MetricFrame
from detection.metrics.samples import Query
from detection.snapshot import Snapshot
from kubewise_site.core.redaction import redact
from remediation.digests import digest_of

PACK_CHARACTERS = 16_000
ITEM_CHARACTERS = 1_600
LOG_CHARACTERS = 3_000
LOG, PREVIOUS_LOG = "log", "previous log"
LONGEST = {LOG: LOG_CHARACTERS, PREVIOUS_LOG: LOG_CHARACTERS}


@dataclass(frozen=True)
class Scene:
    """What the evidence of one finding is made of. `frames`: metric ticks, oldest first."""

    finding: Finding
    snapshot: Snapshot
    now: datetime
    frames: Sequence[MetricFrame] = ()
    queries: Sequence[Query] = ()
    others: Sequence[Finding] = ()


@dataclass(frozen=True)
class Item:
    """`source` says where it was seen; `proves`: the rules' diagnosis rests on it."""

    source: str
    text: str
    proves: bool = False


@dataclass(frozen=True)
class Pack:
    """`items` have id, source, text and decisive; `objects` are `Kind/namespace/name`."""

    items: tuple[dict[str, Any], ...] = ()
    objects: tuple[str, ...] = ()
    left_out: int = field(default=0, compare=False)

    @property
    def cited(self) -> tuple[str, ...]:
        """The ids of what the rules' diagnosis rests on."""
        return tuple(str(item["id"]) for item in self.items if item["decisive"])

    @property
    def hash(self) -> str:
        return digest_of(self.items, self.objects)


def packed(items: Iterable[Item], objects: Iterable[str]) -> Pack:
    """Within the limit of characters, as JSON counts them: what comes first is kept first."""
    kept: list[dict[str, Any]] = []
    left, left_out = PACK_CHARACTERS, 0
    for item in items:
        text = cut(redact(item.text.strip()), min(LONGEST.get(item.source, ITEM_CHARACTERS), left))
        if not text:
            left_out += bool(item.text.strip())
            continue
        name = f"e{len(kept) + 1}"
        kept.append({"id": name, "source": item.source, "text": text, "decisive": item.proves})
        left -= encoded(text)
    return Pack(tuple(kept), tuple(dict.fromkeys(redact(one) for one in objects)), left_out)


def encoded(text: str) -> int:
    """Its length in the document that a model gets, where anything beyond ASCII takes six."""
    return len(json.dumps(text)) - 2


def cut(text: str, most: int) -> str:
    """The end of `text`: a log's last lines say why it died. '' where there is no room for it."""
    if encoded(text) <= most:
        return text
    room, at = most - encoded("…"), len(text)
    while at and (room := room - encoded(text[at - 1])) >= 0:
        at -= 1
    return f"…{text[at:]}" if at < len(text) else ""


def utc_text(moment: datetime | None) -> str:
    """To the second, in UTC: ages would make another pack of the same facts each time."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "an unknown time"


def pairs_text(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(found.items()))
