"""The catalogue: every action that can be proposed, and the few that can be executed.

The modules of this folder are looked through: an action is in the catalogue once its class stands
in one of them, and only if the class says all that `complete.py` asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.conf import settings

from kubewise_site.core.config.reading import WrongSetting
from remediation.actions.base import Action
from remediation.actions.complete import IncompleteAction, complete

CATALOGUE: dict[str, Action] = {}
ALIASES: dict[str, str] = {}
IN_SETTINGS = ("BLACKLISTED_COMMANDS", "SAFE_CRITICAL_COMMANDS", "SAFE_PROACTIVE_COMMANDS")
ALLOWED_IN_SETTINGS = "catalogue names, comma-separated"
# The order in which people read the families; one that is not named here comes last.
READ_FIRST = (
    "restart", "restart_pod", "rollback", "scale", "restore_replicas", "describe", "view_logs",
    "escalate", "noop", "adjust_resources", "raise_hpa_max", "cordon_node", "uncordon_node",
    "drain_node", "expand_pvc", "rerun_job", "clean_failed_pods",
)  # fmt: skip


def find(name: str) -> Action | None:
    """The action of that name or alias."""
    return CATALOGUE.get(ALIASES.get(name, name))


def of_family(family: str) -> list[Action]:
    """`rollback` has an action for each kind of workload."""
    return [action for action in CATALOGUE.values() if action.family == family]


def configured(setting: str) -> frozenset[str]:
    """The actions that a setting names; an alias counts as what it stands for.

    Raises WrongSetting: a misspelled name must not forbid or allow nothing in silence.
    """
    given = getattr(settings, setting)
    found = [find(name) for name in given]
    if None in found:
        shown = repr(",".join(given))
        raise WrongSetting(f"{setting} is {shown}, but must be: {ALLOWED_IN_SETTINGS}.")
    return frozenset(action.name for action in found if action)


def blacklist() -> frozenset[str]:
    """What is never proposed nor carried out."""
    return configured("BLACKLISTED_COMMANDS")


def catalogue_as_dict() -> dict[str, dict[str, object]]:
    """The whole catalogue as the API shows it."""
    return {name: action.as_dict() for name, action in CATALOGUE.items()}


def classes_in(package: str, path: Iterable[str], base: type) -> Iterator[type[Any]]:
    """The subclasses of `base` in the modules of a package that are no bases themselves."""
    for found in iter_modules(path):
        module = import_module(f"{package}.{found.name}")
        for item in vars(module).values():
            if isinstance(item, type) and item.__module__ == module.__name__:
                is_entry = "name" in vars(item) or not item.__subclasses__()
                if issubclass(item, base) and item is not base and is_entry:
                    yield item


def by_name(classes: Iterable[type[Any]]) -> dict[str, Action]:
    """Name → action, in the order in which people read. Raises IncompleteAction."""
    actions = sorted(map(complete, classes), key=_place)
    taken = [name for action in actions for name in (action.name, *action.aliases)]
    if twice := sorted({name for name in taken if taken.count(name) > 1}):
        raise IncompleteAction(f"two actions are called {', '.join(twice)}")
    return {action.name: action for action in actions}


def _place(action: Action) -> int:
    return READ_FIRST.index(action.family) if action.family in READ_FIRST else len(READ_FIRST)


CATALOGUE.update(by_name(classes_in(__name__, __path__, Action)))
ALIASES.update({alias: one.name for one in CATALOGUE.values() for alias in one.aliases})
