"""Secrets out of text, before it leaves the process or is stored.

What stands for a secret says which kind it was. Digests, UIDs, names, images, paths and numbers
survive: a diagnosis needs them. A text is looked at in plain letters, and decoded where it is
encoded (views.py); each finder says where secrets are, and one replacement puts the marks in.
Expressions run in RE2 or have bounded repetitions, so that a hostile text takes no time; what is
longer than `LONGEST` is cut first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from kubewise_site.core.redaction import addresses, commands, pairs, prose, structures, tokens
from kubewise_site.core.redaction.names import Strength, strength
from kubewise_site.core.redaction.spans import Span, mark, repeated, replaced
from kubewise_site.core.redaction.values import is_plain
from kubewise_site.core.redaction.views import View, views_of, with_strings_joined, without_breaks

__all__ = ["asks_for_a_secret", "is_plain", "names_a_secret", "redact", "redact_all"]

LONGEST = 256 * 1024
REMEMBERED = 2048
MOST_READINGS = 4
SHORT = 16 * 1024
FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    addresses.find, commands.find, pairs.find, prose.find, structures.find, tokens.find,
)  # fmt: skip


def names_a_secret(key: str) -> bool:
    """Whether what stands under this key is a secret by its name: `password`, `x/api-token`."""
    return strength(key) is Strength.STRONG


def asks_for_a_secret(argument: str) -> bool:
    """Whether the argument after this one is a secret: `--password`."""
    return argument.startswith("-") and "=" not in argument and names_a_secret(argument)


def redact(text: str) -> str:
    """`text` with every known form of secret replaced; a second time changes nothing."""
    if len(text) <= SHORT:
        return _remembered(text)
    return _settled(text if len(text) <= LONGEST else _cut(text))


@lru_cache(maxsize=REMEMBERED)
def _remembered(text: str) -> str:
    """What passes several doors (record, page, log, model) is read once."""
    return _settled(text)


def _settled(text: str) -> str:
    """Read until nothing more is found: a mark can bring what stood apart together."""
    for _ in range(MOST_READINGS):
        former, text = text, _redacted(text)
        if text == former:
            break
    return text


def _redacted(text: str) -> str:
    spans = list(prose.find_in_other_scripts(text)) if not text.isascii() else []
    views = views_of(text)
    for view in views:
        spans += [view.in_original(span) for span in _found(view) if span.start < span.end]
    if "\n" in text:
        spans += _over_lines(views[-1], spans)
    return replaced(text, [*spans, *repeated(text, spans)]) if spans else text


def _over_lines(view: View, known: Sequence[Span]) -> Iterator[Span]:
    """Strings and tokens that a line break cuts; a token that is known is not made longer."""
    if joined := with_strings_joined(view):
        yield from (joined.in_original(span) for span in _found(joined) if span.start < span.end)
    begun = {(span.start, span.kind) for span in known}
    whole = without_breaks(view)
    for span in map(whole.in_original, tokens.find_broken(whole.text)):
        if (span.start, span.kind) not in begun:
            yield span


def _found(view: View) -> Iterator[Span]:
    for find in FINDERS:
        yield from find(view.text)


def _cut(text: str) -> str:
    """Cut between words: half a token would not be recognised."""
    kept = text[: LONGEST - 100]
    space = max(kept.rfind(" ", LONGEST - 4096), kept.rfind("\n", LONGEST - 4096))
    kept = kept[:space] if space > 0 else kept[: LONGEST - 4096]
    return f"{kept} [cut: the whole length is {len(text)}]"


def redact_all(value: Any) -> Any:
    """The same for every text within lists (of arguments, too) and mappings; keys stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(items: Sequence[Any], index: int) -> Any:
    """An argument behind a flag that asks for a secret is one, whatever its form."""
    item, former = items[index], items[index - 1] if index else None
    if isinstance(former, str) and isinstance(item, str) and asks_for_a_secret(former):
        return item if is_plain(item) else mark("secret")
    return redact_all(item)
