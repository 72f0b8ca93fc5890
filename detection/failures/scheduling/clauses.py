"""The scheduler's message in its parts: how many nodes, and why not those.

"0/4 nodes are available: 1 Insufficient cpu, 3 node(s) had untolerated taint {a: b}." The words are
the plugins' own (pkg/scheduler/framework): a part that nothing here knows is quoted, never bent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

COUNTED = re.compile(r"(?:^|,\s+)(\d{1,9})\s+(?=\S)")
INTRO = re.compile(r"^\s*\d+/\d+ nodes? (?:is|are) available:\s*", re.IGNORECASE)
TAIL = "still not schedulable"
OF_CONTROL_PLANE = re.compile(
    r"taint[^{]{0,40}\{node-role\.kubernetes\.io/(?:control-plane|master|etcd)"
)


@dataclass(frozen=True)
class Clause:
    """`nodes`: how many it is about; 0 where the message counts none."""

    nodes: int
    text: str

    @property
    def of_control_plane(self) -> bool:
        """A control plane keeps ordinary pods away: it explains nothing about them."""
        return bool(OF_CONTROL_PLANE.search(self.text))


def clauses_of(message: str) -> list[Clause]:
    """Its parts, those about most nodes first. A message without counts is one part."""
    text = INTRO.sub("", message).partition(TAIL)[0].rstrip(". \n")
    starts = list(COUNTED.finditer(text))
    if not starts or starts[0].start() > 0:
        return [Clause(0, text.strip())] if text.strip() else []
    ends = [found.start() for found in starts[1:]] + [len(text)]
    found = [
        Clause(int(one[1]), text[one.end() : end].strip(" ,."))
        for one, end in zip(starts, ends, strict=True)
    ]
    return sorted(found, key=lambda clause: -clause.nodes)


def deciding_clauses(message: str) -> list[Clause]:
    """Without the control plane's own taint, unless nothing else is said."""
    found = clauses_of(message)
    return [one for one in found if not one.of_control_plane] or found
