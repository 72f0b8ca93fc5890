"""Label selectors as text, read as k8s.io/apimachinery/pkg/labels reads them."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.apimachinery.objects import Obj, labels_of

Match = Callable[[Obj], bool]
Check = Callable[[dict[str, str]], bool]
SYMBOLS = ("!=", "==", "=", "!", "(", ")", ",", ">", "<")
SPECIAL = frozenset("=!(),><")
IDENTIFIER, END = "identifier", "end of string"
OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
EXPECTED_OPERATORS = "in, notin, =, ==, !=, gt, lt"


class BadSelector(ValueError):
    """A selector that can't be read; its text is the API's message."""


@dataclass(frozen=True)
class Token:
    """`kind` is a symbol, IDENTIFIER or END; keywords are identifiers with a meaning by place."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token(text, at)
        found.append(token)
        at += len(token.text)
    return [*found, Token(END, "")]


def _token(text: str, at: int) -> Token:
    for symbol in SYMBOLS:
        if text.startswith(symbol, at):
            return Token(symbol, symbol)
    end = at
    while end < len(text) and not text[end].isspace() and text[end] not in SPECIAL:
        end += 1
    return Token(IDENTIFIER, text[at:end])


class Parser:
    """One selector; every complaint quotes the token that was found."""

    def __init__(self, text: str) -> None:
        self.tokens, self.at = tokens(text), 0

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def requirements(self) -> list[Check]:
        found: list[Check] = []
        while self.peek().kind != END:
            if self.peek().kind not in (IDENTIFIER, "!"):
                raise _found(self.peek(), "!, identifier, or 'end of string'")
            found.append(self._requirement())
            self._separator()
        return found

    def _separator(self) -> None:
        token = self.take()
        if token.kind == END:
            return
        if token.kind != ",":
            raise _found(token, "',' or 'end of string'")
        if self.peek().kind not in (IDENTIFIER, "!"):
            raise _found(self.peek(), "identifier after ','")

    def _requirement(self) -> Check:
        absent = self.peek().kind == "!" and bool(self.take())
        token = self.take()
        if token.kind != IDENTIFIER:
            raise _unread(token, IDENTIFIER)
        key = token.text
        if absent:
            return lambda labels: key not in labels
        if self.peek().kind in (END, ","):
            return lambda labels: key in labels
        return self._compared(key)

    def _compared(self, key: str) -> Check:
        operator = self.take()
        if operator.text not in OPERATORS:
            raise _unread(operator, EXPECTED_OPERATORS)
        if operator.text in ("in", "notin"):
            values = self._values()
            return lambda labels: (labels.get(key) in values) == (operator.text == "in")
        value = self._value()
        if operator.text in (">", "<"):
            return _ordered(key, operator.text, value)
        return lambda labels: (labels.get(key) == value) == (operator.text != "!=")

    def _value(self) -> str:
        if self.peek().kind in (END, ","):
            return ""
        token = self.take()
        if token.kind != IDENTIFIER:
            raise _unread(token, IDENTIFIER)
        return token.text

    def _values(self) -> frozenset[str]:
        if self.peek().kind != "(":
            raise _unread(self.peek(), "'('")
        self.take()
        found = [self._listed()]
        while self.peek().kind == ",":
            self.take()
            found.append(self._listed())
        if self.peek().kind != ")":
            raise _unread(self.peek(), "',', or ')'")
        self.take()
        return frozenset(found)

    def _listed(self) -> str:
        if self.peek().kind in (",", ")"):
            return ""
        token = self.take()
        if token.kind != IDENTIFIER:
            raise _unread(token, "',', ')' or identifier")
        return token.text


def _ordered(key: str, operator: str, value: str) -> Check:
    if not value.lstrip("-").isdigit():
        raise BadSelector(
            f"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators,"
            " the value must be an integer"
        )

    def check(labels: dict[str, str]) -> bool:
        held = labels.get(key, "")
        if not held.lstrip("-").isdigit():
            return False
        return int(held) > int(value) if operator == ">" else int(held) < int(value)

    return check


def _found(token: Token, expected: str) -> BadSelector:
    return BadSelector(f"found '{token.text}', expected: {expected}")


def _unread(token: Token, expected: str) -> BadSelector:
    return BadSelector(f"unable to parse requirement: {_found(token, expected)}")


def label_match(text: str) -> Match | None:
    """None when the selector is empty: everything matches. BadSelector when it can't be read."""
    checks = Parser(text).requirements()
    if not checks:
        return None
    return lambda obj: all(check(labels_of(obj)) for check in checks)
