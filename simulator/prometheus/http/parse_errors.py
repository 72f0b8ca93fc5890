"""Prometheus's wording and position of a parse error, from our parser's."""

import re

_KEYWORDS = "and|or|unless|by|without|on|ignoring|group_left|group_right|bool|offset|atan2"
_TWO_IN_A_ROW = re.compile(
    rf"(?:[\w:]|[)}}\]])\s+(?!(?:{_KEYWORDS})\b)(?P<next>[A-Za-z_:][\w:]*)", re.IGNORECASE
)
_AT_THE_END = re.compile(r"unexpected end|unclosed left parenthesis")
_QUOTED = re.compile(r"\b(name|function|operator|for) '(\w+)'")
_CALL = re.compile(r"in call to function '(?P<name>\w+)'")
_TYPES = {"matrix": "range vector", "vector": "instant vector"}
_TYPE_NAMES = re.compile(r"(?<=expected type )(matrix|vector)|(?<=got )(matrix|vector)")


def worded(query: str, message: str) -> str:
    """`line:column: parse error: …`; the column is exact only for the commonest mistakes."""
    message, position = _unspecific(query, message)
    line = query.count("\n", 0, position) + 1
    column = position - (query.rfind("\n", 0, position) + 1) + 1
    return f"{line}:{column}: parse error: {_typed(message)}"


def _typed(message: str) -> str:
    named = _TYPE_NAMES.sub(lambda found: _TYPES[found.group()], message)
    return _QUOTED.sub(r'\1 "\2"', named)


def _unspecific(query: str, message: str) -> tuple[str, int]:
    if message == "unexpected end of input inside brackets":
        return "unclosed left bracket", len(query)
    if message != "invalid promql query":
        return message, _position(query, message)
    extra = _TWO_IN_A_ROW.search(query)
    if extra is None:
        return "unexpected end of input", len(query)
    return f'unexpected identifier "{extra["next"]}"', extra.start("next")


def _position(query: str, message: str) -> int:
    if _AT_THE_END.search(message):
        return len(query)
    call = _CALL.search(message)
    if call is None:
        return 0
    return query.find(call["name"]) + len(call["name"]) + message.startswith("expected type")
