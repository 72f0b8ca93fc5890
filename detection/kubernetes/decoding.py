"""From an answer's bytes to typed objects, as fast as msgspec can and as tolerant as it must be.

A list is decoded in one go. Only where that fails is it decoded object by object: `null` then
counts as missing, and what still can't be read is skipped and counted, so that one odd object
never hides the others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Generic, TypeVar

import msgspec

from detection.kubernetes.objects.core import Metadata, Name, Object, OwnerReference, Part, Uid
from kubewise_site.core.foreign_numbers import plausible_times
from kubewise_site.core.foreign_text import safe_json
from kubewise_site.core.nesting import without_depths

ObjectT = TypeVar("ObjectT", bound=Object)
ItemT = TypeVar("ItemT")


class Undecodable(ValueError):
    """The answer is no list of Kubernetes objects, or it was cut off."""


BUILDING = Lock()
# Of what is no UTF-8, msgspec raises the second, which is none of its own errors.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)


class ListMeta(Part, frozen=True):
    resource_version: str | None = None
    continue_: str | None = msgspec.field(name="continue", default=None)
    remaining_item_count: int | None = None


class Who(Part, frozen=True):
    name: Name = ""
    namespace: Name = ""
    uid: Uid = ""
    owner_references: tuple[OwnerReference, ...] = ()


class Identity(Object, frozen=True):
    """What tells who an object is, whatever the rest of it may be."""

    metadata: Who = Who()  # type: ignore[assignment]


class ListAnswer(Part, Generic[ItemT], frozen=True):
    kind: str = ""
    metadata: ListMeta | None = None
    items: tuple[ItemT, ...] | msgspec.UnsetType | None = msgspec.UNSET


@dataclass(frozen=True)
class Unread:
    """An object of which no more could be read than who it is and what controls it."""

    item: Object
    why: str


@dataclass(frozen=True)
class ListPage(Generic[ObjectT]):
    """One page of a list. `skipped` objects could not be read, `why` says what ailed the last.

    `unread`: those of them whose name is known, so that nothing else is doubted for them.
    """

    items: tuple[ObjectT, ...]
    continue_token: str = ""
    remaining: int = 0
    skipped: int = 0
    why: str = ""
    unread: tuple[Unread, ...] = ()


def decode_page(content: bytes, type_: type[ObjectT]) -> ListPage[ObjectT]:
    """Raises Undecodable where the answer as a whole is no list."""
    content = plausible_times(safe_json(content))
    try:
        answer: ListAnswer[ObjectT] = _list_decoder(type_).decode(content)
    except RecursionError:
        return _page_by_item(without_depths(content), type_)
    except UNREADABLE:
        return _page_by_item(content, type_)
    return ListPage(_items(answer), *_rest(answer))


def _page_by_item(content: bytes, type_: type[ObjectT]) -> ListPage[ObjectT]:
    answer = _raw_answer(content)
    items: list[ObjectT] = []
    unread: list[Unread] = []
    why = ""
    for raw in _items(answer):
        try:
            items.append(decode_object(bytes(raw), type_))
        except Undecodable as error:
            why = str(error)
            unread += _identified(bytes(raw), why)
    skipped = len(_items(answer)) - len(items)
    return ListPage(tuple(items), *_rest(answer), skipped, why, tuple(unread))


def _identified(content: bytes, why: str) -> list[Unread]:
    try:
        item = decode_object(content, Identity)
    except Undecodable:
        return []
    meta = item.metadata
    known = Metadata(
        name=meta.name,
        namespace=meta.namespace,
        uid=meta.uid,
        owner_references=meta.owner_references,
    )
    return [Unread(Object(metadata=known), why)] if meta.name else []


def _raw_answer(content: bytes) -> ListAnswer[msgspec.Raw]:
    decoder: msgspec.json.Decoder[ListAnswer[msgspec.Raw]] = _list_decoder(msgspec.Raw)
    try:
        return decoder.decode(content)
    except (*UNREADABLE, RecursionError) as error:
        raise Undecodable(f"no list that can be read: {error}") from error


def decode_object(content: bytes, type_: type[ObjectT]) -> ObjectT:
    """One object; `null` counts as missing. Raises Undecodable."""
    decoder: msgspec.json.Decoder[ObjectT] = _decoder(type_)
    try:
        return decoder.decode(content)
    except (*UNREADABLE, RecursionError):
        pass
    try:
        return decoder.decode(json.dumps(without_nulls(json.loads(content))))
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error)) from error


def without_nulls(value: Any) -> Any:
    """The same JSON value without members and items that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(v) for key, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nulls(v) for v in value if v is not None]
    return value


def _items(answer: ListAnswer[ItemT]) -> tuple[ItemT, ...]:
    if answer.items is msgspec.UNSET:
        raise Undecodable(f"no list, but {answer.kind or 'something without items'}")
    return answer.items or ()


def _rest(answer: ListAnswer[Any]) -> tuple[str, int]:
    meta = answer.metadata or ListMeta()
    return meta.continue_ or "", meta.remaining_item_count or 0


def _decoder(type_: type[ObjectT]) -> msgspec.json.Decoder[ObjectT]:
    with BUILDING:
        decoder: msgspec.json.Decoder[ObjectT] = _built(type_)
    return decoder


def _list_decoder(type_: Any) -> Any:
    with BUILDING:
        return _built(ListAnswer[type_])


@cache
def _built(type_: Any) -> Any:
    """Held by BUILDING: msgspec crashes where two threads make decoders of the same structs."""
    return msgspec.json.Decoder(type_)
