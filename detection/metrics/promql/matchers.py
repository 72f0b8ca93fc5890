"""Label matchers put into every selector of a query, proven by the real grammar.

The text stays as it is: matchers are put in where a selector stands. Then both texts are parsed,
and the new tree must be the old one with one more matcher in each of its selectors. What cannot be
proven is refused, so that no query ever goes out without the matchers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

import promql_parser

from detection.metrics.promql.tokens import Token, tokens

MOST_CHARACTERS, MOST_TOKENS, MOST_MARKS, MOST_NESTED = 50_000, 5000, 600, 30
_MARKER = 'kubewise_marker="1"'
_MARKED = re.compile(r'Matcher\{op:Equal,name:"kubewise_marker",value:"1",\},')
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = _LISTS | {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}
_ENDS = frozenset({"start", "end"})
_NEW, _NAMES, _BRACE = "new", "names", Token("mark", "{")
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


class Unrestricted(ValueError):
    """The matchers cannot be put into every selector of the query, or nobody can prove it."""


@lru_cache(maxsize=2048)
def restricted_to(promql: str, matchers: str) -> str:
    """`promql` with `matchers` in every selector; as it is without. Raises Unrestricted."""
    if not matchers:
        return promql
    found = _within_bounds(promql)
    changed = _with_insertions(found)
    if not _is_proven(_plain(found), _plain(changed)):
        raise Unrestricted(
            "PROMETHEUS_MATCHERS cannot be put into every selector of this query; "
            "write each selector as name{labels}"
        )
    return "".join(_put(one, matchers) for one in changed)


def _put(one: Token, matchers: str) -> str:
    return one.text.replace(_MARKER, matchers) if one.kind == _NEW else one.text


def _within_bounds(promql: str) -> list[Token]:
    """A hostile query must not hold the parser up."""
    if len(promql) > MOST_CHARACTERS:
        raise Unrestricted(f"the query is longer than {MOST_CHARACTERS} characters")
    found = list(islice(tokens(promql), MOST_TOKENS))
    marks = [one.text for one in found if one.kind == "mark"]
    words = sum(one.kind == "name" for one in found)
    if len(found) == MOST_TOKENS or len(marks) + words > MOST_MARKS or _depth(marks) > MOST_NESTED:
        raise Unrestricted("the query is too long or too deeply nested for PROMETHEUS_MATCHERS")
    return found


def _depth(marks: list[str]) -> int:
    depth = deepest = 0
    for mark in marks:
        depth += (mark in _OPEN) - (mark in _CLOSE)
        deepest = max(deepest, depth)
    return deepest


def _with_insertions(found: list[Token]) -> list[Token]:
    """With the marker in each selector, as far as it can be told without a tree."""
    changed: list[Token] = []
    within: list[str] = []
    for at, one in enumerate(found):
        changed.append(one)
        if one.kind == "mark":
            _step(within, one.text, _before(found, at))
        if one == _BRACE:
            changed.append(Token(_NEW, f"{_MARKER},"))
        elif one.kind == "name" and _is_bare_metric(found, at, within):
            changed.append(Token(_NEW, f"{{{_MARKER}}}"))
    return changed


def _step(within: list[str], mark: str, before: str) -> None:
    """Keep what is open now: a bracket, or the names of a modifier."""
    if mark in _OPEN:
        within.append(_NAMES if mark == "(" and before in _LISTS else mark)
    elif mark in _CLOSE and within:
        within.pop()


def _is_bare_metric(found: list[Token], at: int, within: list[str]) -> bool:
    """Whether a name stands for a metric, with no braces behind it."""
    if within and within[-1] in ("{", "[", _NAMES):
        return False
    name, behind = found[at].text.lower(), _after(found, at)
    if name in _WORDS or behind in ("(", "{") or behind in ("by", "without"):
        return False
    return not (name in _ENDS and _before(found, at) == "@")


def _after(found: list[Token], at: int) -> str:
    return next((one.text.lower() for one in found[at + 1 :] if one.kind != "space"), "")


def _before(found: list[Token], at: int) -> str:
    return next((one.text.lower() for one in reversed(found[:at]) if one.kind != "space"), "")


def _plain(found: list[Token]) -> str:
    """With a placeholder for each string: what is in one is no matter of the tree."""
    shown, texts = [], 0
    for one in found:
        texts += one.kind == "text"
        shown.append(f'"k{texts}"' if one.kind == "text" else one.text)
    return "".join(shown)


def _is_proven(before: str, after: str) -> bool:
    old, new = _tree(before), _tree(after)
    selectors = old.count("VectorSelector{")
    if old.count("or_matchers:[],") != selectors:  # alternatives in braces: each would need them
        return False
    return _MARKED.sub("", new) == old and len(_MARKED.findall(new)) == selectors


def _tree(promql: str) -> str:
    """The parsed tree as a text without spaces. Raises Unrestricted."""
    try:
        return "".join(repr(promql_parser.parse(promql)).split())
    except ValueError as error:
        raise Unrestricted(f"PROMETHEUS_MATCHERS cannot be put into it: {error}") from None
