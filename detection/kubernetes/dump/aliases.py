"""How large a YAML document is with its aliases written out: a few may stand for gigabytes."""

from __future__ import annotations

from collections.abc import Iterable

import yaml


def size_of(events: Iterable[yaml.Event], most: int) -> int:
    """The number of values; counting ends a little above `most`."""
    counter = _Counter(most)
    for event in events:
        counter.take(event)
        if counter.total > most:
            break
    return counter.total


class _Counter:
    def __init__(self, most: int) -> None:
        self.total, self._most = 0, most
        self._sizes: dict[str, int] = {}
        self._begun: list[tuple[str, int]] = []

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.AliasEvent():
                # One within what it stands for has no end.
                self.total += self._sizes.get(event.anchor or "", self._most + 1)
            case yaml.ScalarEvent():
                self.total += 1
                self._sizes[event.anchor or ""] = 1
            case yaml.CollectionStartEvent():
                self._begun.append((event.anchor or "", self.total))
            case yaml.CollectionEndEvent():
                anchor, before = self._begun.pop()
                self._sizes[anchor] = self.total - before
