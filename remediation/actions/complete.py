"""What an action must say before the catalogue takes it.

What changes the cluster must say itself which pods it disturbs, what people see before it is done
and which guards hold for it: a default would be a guess about safety.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remediation.actions.base import CHANGES_NOTHING, Action

PATCH = "patch"
NAMES = frozenset({"name", "namespace"})
SAID = {
    "name": "the action's name in commands and settings",
    "family": "the name by which playbooks offer it",
    "kinds": "the kinds that it acts on",
    "parameters": "its typed parameters",
    "description": "one sentence that says what it does",
    "impact": "one sentence that says what users of the workload notice",
    "estimated_duration": "how long it takes",
    "risk": "a Risk",
    "strategy": "how it reaches the cluster",
    "traits": "what gates and owner guards ask about it, or frozenset()",
}
SAID_BY_METHODS = {
    "disturbs": "the pods that end because of it, or ()",
    "preview": "what people see before it is done, or []",
}


class IncompleteAction(TypeError):
    """The catalogue refuses this class; the message names what to add."""


def complete(action: type[Any]) -> Action:
    """An instance of the class, for the catalogue. Raises IncompleteAction."""
    if missing := list(lacking(action)):
        raise IncompleteAction(f"{action.__module__}.{action.__name__} lacks {'; '.join(missing)}")
    made: Action = action()
    return made


def lacking(action: type[Any]) -> Iterator[str]:
    """What the class has still to say, as `attribute: what it is`."""
    for name, what in SAID.items():
        if not hasattr(action, name):
            yield f"{name}: {what}"
    if "kubectl" in getattr(action, "__abstractmethods__", ()):
        yield "kubectl(): the line that a person can copy and paste, or ''"
    if getattr(action, "strategy", "") not in CHANGES_NOTHING:
        yield from _lacking_for_a_write(action)


def _lacking_for_a_write(action: type[Any]) -> Iterator[str]:
    for name, what in SAID_BY_METHODS.items():
        if _is_inherited(action, name):
            yield f"{name}(): {what}"
    if not getattr(action, "rights", ()):
        yield "rights: the verbs that the act account needs"
    if getattr(action, "strategy", "") == PATCH and _is_inherited(action, "change"):
        yield "change(): the JSON Patch that it writes"
    extra = {item.name for item in getattr(action, "parameters", ()) if item.required} - NAMES
    if extra and _is_inherited(action, "parameters_for"):
        yield f"parameters_for(): where {', '.join(sorted(extra))} comes from, or None"


def _is_inherited(action: type[Any], name: str) -> bool:
    return getattr(action, name, None) is getattr(Action, name)
