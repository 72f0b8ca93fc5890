"""What a finding knows beyond cause and owner: typed and frozen, stored as JSON.

`Facts` is what any finding may know; each family of failures has a class of its own below it.
The JSON holds what was given and nothing else: a key that nobody gave stays absent, one that was
given as `null` stays `null`. Keys that this version does not know (a later version wrote them),
and values that it can't read, are kept in the JSON and are no attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar, Self, TypeVar

import msgspec

FactsT = TypeVar("FactsT", bound="Facts")
READING = Lock()  # msgspec crashes where two threads prepare to read the same class


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What any finding may know. Change it by `facts | Facts(…)`, never by `replace`: that would
    give every key."""

    pod: str = ""  # name of the pod to look at first
    pod_uid: str = ""  # its UID
    pods: int = 0  # how many pods show the failure
    nodes: tuple[str, ...] = ()  # names of the nodes where the failure is
    unplaced: int = 0  # how many of the pods are on no node
    container: str = ""  # name of the container that fails
    log_container: str = ""  # name of the container whose log tells most
    reason: str = ""  # the reason that Kubernetes gives, as it is written there
    explains: tuple[str, ...] = ()  # keys of the owners that suffer from it, until correlation
    shared_by: int = 0  # how many owners fail on it
    specific: str = ""  # a bare pod's: the cause that it would have with a controller
    also: tuple[str, ...] = ()  # the owner's other causes, after correlation
    beyond: tuple[str, ...] = ()  # metrics beyond thresholds, where the finding names more than one
    sources: tuple[str, ...] = ()  # what found it, after correlation: kubernetes, threshold, …
    changed_before: tuple[str, ...] = ()  # a sentence for each change shortly before the onset
    metrics: Mapping[str, int | float] | None = None  # newest value by metric, or metric/container
    prediction: Mapping[str, Any] | None = None  # what is foretold, as predictions.py makes it
    impact: str = (
        ""  # what serves, counted from replicas and Services; '' where it can't be counted
    )
    unseen: bool = False  # the metric's newest data is old: it goes on, but may not begin

    _stored: ClassVar[Mapping[str, Any]] = {}  # each has its own: the JSON, just what was given

    def __new__(cls, **given: Any) -> Self:
        """Notes what is given, before the dataclass fills in the rest."""
        made = super().__new__(cls)
        object.__setattr__(made, "_stored", _plain(msgspec.to_builtins(given)))
        return made

    @classmethod
    def decode(cls, stored: Mapping[str, Any]) -> Self:
        """From JSON. Never raises: what it can't read counts as not given, but stays stored."""
        with READING:
            made = _read(cls, stored)
        object.__setattr__(made, "_stored", dict(stored))
        return made

    def as_json(self) -> dict[str, Any]:
        """What is stored: lists for tuples, just the keys that were given."""
        return dict(self._stored)

    def of(self, family: type[FactsT]) -> FactsT:
        """These facts where they are of that family, else the family's with nothing known."""
        return self if isinstance(self, family) else family()

    def __or__(self, more: Facts) -> Self:
        """These, with what `more` was given beside or in place of it. The family stays."""
        return self.decode({**self._stored, **more._stored})

    def over(self, below: Facts) -> Self:
        """These, with what `below` was given beside it, where these say nothing of it."""
        return self.decode({**below._stored, **self._stored})

    def settled(self) -> Self:
        """Without what only correlation reads."""
        return self._without({"explains"})

    def seen(self) -> Self:
        """The same failure, with data that is not old."""
        return self._without({"unseen"})

    def _without(self, names: Iterable[str]) -> Self:
        return self.decode({name: v for name, v in self._stored.items() if name not in names})


def _plain(value: Any) -> Any:
    """As JSON gives it back: tuples are lists there."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _read(family: type[FactsT], stored: Mapping[str, Any]) -> FactsT:
    """In one go; only where that fails one by one, without those that can't be read."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(stored, family)
    readable = {name: value for name, value in stored.items() if _fits(family, name, value)}
    return msgspec.convert(readable, family)


def _fits(family: type[Facts], name: str, value: Any) -> bool:
    try:
        msgspec.convert({name: value}, family)
    except msgspec.ValidationError:
        return False
    return True
