"""The text form of an action: `restart_deployment name=my-app namespace=dev`.

The grammar is smaller than any shell's on purpose: no quotes, no escapes, no options. What is
not exactly this form is refused with an error that names what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from remediation.actions import ALIASES, CATALOGUE, find
from remediation.actions.base import Action
from remediation.actions.parameters import BadValue, Parameter, Value

LONGEST_COMMAND = 2000
NOT_A_COMMAND = re.compile(r"[\"'`\\;|&$<>(){}\[\]*?!#~%\x00-\x1f\x7f]")
WORD = re.compile(r"[a-z][a-z_]*")
PROGRAMS = frozenset({"kubectl", "k", "oc", "helm", "sh", "bash", "sudo", "curl", "rm"})


class CommandError(ValueError):
    """The text is no command of the catalogue."""


class NotACommand(CommandError):
    """A shell or kubectl line, quoting, or something that is not `action key=value …`."""


class UnknownAction(CommandError):
    """No action of that name."""


class UnknownParameter(CommandError):
    """The action has no such parameter."""


class DuplicateParameter(CommandError):
    """A parameter is given twice."""


class MissingParameter(CommandError):
    """A required parameter is not given."""


class InvalidName(CommandError):
    """The API would refuse the name."""


class OutOfBounds(CommandError):
    """The value is no value of this parameter, or beyond its bounds."""


@dataclass(frozen=True)
class ParsedCommand:
    """An action with checked parameters."""

    action: Action
    parameters: dict[str, Value] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return format_command(self.action.name, self.parameters)


def parse_command(text: str) -> ParsedCommand:
    """The command that `text` says. Raises a CommandError that says what is wrong."""
    words = _words(text)
    action = _action(words[0])
    given: dict[str, str] = {}
    for word in words[1:]:
        name, raw = _pair(word)
        if name in given:
            raise DuplicateParameter(f"the parameter {name} is given twice")
        given[name] = raw
    return checked_command(action.name, given)


def checked_command(action_name: str, given: dict[str, Any]) -> ParsedCommand:
    """Parameters of any origin (text, a stored plan), held to the catalogue. Raises as `parse`."""
    action = _action(action_name)
    known = {item.name: item for item in action.parameters}
    for name in given:
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise UnknownParameter(f"{action.name} has no parameter {name!r}; it has: {allowed}")
    for name in action.required:
        if name not in given:
            raise MissingParameter(f"{action.name} needs {name}=…")
    ordered = [item for item in action.parameters if item.name in given]
    return ParsedCommand(
        action, {item.name: _value(item, str(given[item.name])) for item in ordered}
    )


def format_command(action_name: str, parameters: dict[str, Value]) -> str:
    """The one text form, with the parameters in the catalogue's order."""
    order = [item.name for item in CATALOGUE[action_name].parameters]
    pairs = sorted(parameters.items(), key=lambda pair: order.index(pair[0]))
    return " ".join([action_name, *(f"{name}={value}" for name, value in pairs)])


def _words(text: str) -> list[str]:
    if len(text) > LONGEST_COMMAND:
        raise NotACommand(f"a command is at most {LONGEST_COMMAND} characters long")
    words = text.strip(" ").split(" ")
    words = [word for word in words if word]
    if not words:
        raise NotACommand("the command is empty; write: action name=… namespace=…")
    if words[0].lower() in PROGRAMS or words[0].startswith(("/", ".", "-")):
        raise NotACommand(f"{words[0]!r}: shell and kubectl commands are not accepted")
    if found := NOT_A_COMMAND.search(text):
        raise NotACommand(f"the character {found.group()!r} is not allowed in a command")
    return words


def _action(name: str) -> Action:
    action = find(name)
    if action is None:
        valid = ", ".join([*CATALOGUE, *ALIASES])
        raise UnknownAction(f"there is no action {name[:60]!r}; there are: {valid}")
    return action


def _pair(word: str) -> tuple[str, str]:
    name, equals, raw = word.partition("=")
    if not equals or not WORD.fullmatch(name):
        raise NotACommand(f"{word[:60]!r} does not have the form key=value")
    return name, raw


def _value(parameter: Parameter, raw: str) -> Value:
    try:
        return parameter.read(raw)
    except BadValue as error:
        kind = InvalidName if parameter.is_name else OutOfBounds
        raise kind(f"{parameter.name}={raw[:80]!r}: {error}") from None
