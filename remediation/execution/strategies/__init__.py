"""How each strategy reaches the cluster: rehearsal, write, and how to tell that it happened.

The modules of this folder are looked through; no action may ask for a strategy that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remediation.actions import CATALOGUE, classes_in
from remediation.actions.base import Action
from remediation.actions.complete import IncompleteAction
from remediation.execution.strategies.base import Strategy

STRATEGIES: Mapping[str, Strategy] = {
    way.name: way() for way in classes_in(__name__, __path__, Strategy)
}


def require_ways(actions: Iterable[Action]) -> None:
    """Raises IncompleteAction for the first action whose strategy does not exist."""
    for action in actions:
        if action.changes_cluster and action.strategy not in STRATEGIES:
            known = ", ".join(sorted(STRATEGIES))
            raise IncompleteAction(
                f"{action.name}: no class here is the strategy {action.strategy!r}; "
                f"there are: {known}. Add a module with a Strategy of that name"
            )


require_ways(CATALOGUE.values())
