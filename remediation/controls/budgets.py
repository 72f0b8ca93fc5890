"""Budgets: counter rows, spent inside the claim's transaction, each held by an UPDATE of its row.

All workers share them, and they outlive restarts. A budget with a window counts the attempts that
began within the last `window_seconds`, at any moment: the window slides, so that no border lets
twice as many through. One without counts attempts that are open, until they are settled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from detection.domain.units import counted, duration, plural
from detection.models import Cluster, Incident
from remediation.controls.policies import policy_for
from remediation.models import Budget


@dataclass(frozen=True)
class BudgetLimits:
    """How much KubeWise may do by itself or by approval."""

    at_a_time: int = 3
    an_hour: int = 10
    per_owner: int = 1
    owner_window_seconds: int = 1800
    node_actions_at_a_time: int = 1
    an_hour_in_a_namespace: int = 5
    an_hour_of_an_action: int = 5


@dataclass(frozen=True)
class Cost:
    """One counter that an attempt spends one unit of. `window_seconds` None: while it is open."""

    name: str
    limit: int
    window_seconds: int | None
    says: str


def costs(
    owner_uid: str, node_action: bool, limits: BudgetLimits | None = None
) -> tuple[Cost, ...]:
    """What one attempt on this owner costs."""
    limit = limits or BudgetLimits()
    window = limit.owner_window_seconds
    found = [
        Cost("open", limit.at_a_time, None, _running(limit.at_a_time, "attempt")),
        Cost("hour", limit.an_hour, 3600, _in_the_last_hour(limit.an_hour)),
        Cost(
            f"owner:{owner_uid}",
            limit.per_owner,
            window,
            f"KubeWise acted on this owner within the last {duration(window)}",
        ),
    ]
    if node_action:
        most = limit.node_actions_at_a_time
        found.append(Cost("nodes", most, None, _running(most, "node action")))
    return tuple(found)


def costs_of(incident: Incident, action: str, node_action: bool, undo: bool) -> tuple[Cost, ...]:
    """What one attempt costs its cluster, its namespace, its action and its owner.

    An undo belongs to the attempt that it undoes: the owner's budget is not asked a second time.
    """
    limit, found = BudgetLimits(), costs(incident.owner_uid, node_action)
    if undo:
        found = tuple(cost for cost in found if not cost.name.startswith("owner:"))
    most = limit.an_hour_of_an_action
    more = [Cost(f"action:{action}", most, 3600, _in_the_last_hour(most, f" with {action}"))]
    if namespace := incident.owner_namespace:
        most = _most_in(incident, limit)
        said = _in_the_last_hour(most, f" in namespace {namespace}")
        more.append(Cost(f"namespace:{namespace}", most, 3600, said))
    return (*found, *more)


def _running(number: int, noun: str) -> str:
    return f"{counted(number, f'{noun} is', f'{plural(noun)} are')} running"


def _in_the_last_hour(number: int, which: str = "") -> str:
    return f"{counted(number, 'attempt')}{which} in the last hour"


def _most_in(incident: Incident, limit: BudgetLimits) -> int:
    policy = policy_for(incident.cluster, incident.owner_namespace)
    if policy is None or policy.an_hour is None:
        return limit.an_hour_in_a_namespace
    return policy.an_hour


def spend_budgets(cluster: Cluster, wanted: Iterable[Cost], now: datetime) -> str:
    """Spend all; '' or the sentence of the first that is used up. Call it inside atomic().

    The caller rolls back where a sentence is returned, so that nothing stays half spent.
    """
    for cost in wanted:
        if not _spend_one(cluster, cost, now):
            return cost.says
    return ""


def exhausted(cluster: Cluster, wanted: Iterable[Cost], now: datetime) -> str:
    """What `spend` would say now, without spending."""
    rows = {row.name: row for row in Budget.objects.filter(cluster=cluster)}
    for cost in wanted:
        row = rows.get(cost.name)
        if cost.limit < 1 or (row and _used(cost, row, now) >= cost.limit):
            return cost.says
    return ""


def release_budgets(cluster: Cluster, spent: Iterable[Cost]) -> None:
    """Give back what is counted only while an attempt is open."""
    for cost in spent:
        if cost.window_seconds is None:
            rows = Budget.objects.filter(cluster=cluster, name=cost.name, spent__gt=0)
            rows.update(spent=F("spent") - 1)


def refund(cluster: Cluster, spent: Iterable[Cost], at: datetime) -> None:
    """Give back everything that was spent at `at`: the attempt ended before anything was sent.

    Call it inside atomic().
    """
    costs = tuple(spent)
    release_budgets(cluster, costs)
    for cost in costs:
        row = _held(cluster, cost.name)
        if cost.window_seconds is not None and row and (mark := at.isoformat()) in row.marks:
            row.marks.remove(mark)
            _write(row)


def _spend_one(cluster: Cluster, cost: Cost, now: datetime) -> bool:
    if cost.limit < 1:
        return False
    rows = Budget.objects.filter(cluster=cluster, name=cost.name)
    rows.get_or_create(
        defaults={"cluster": cluster, "name": cost.name, "window_start": now, "spent": 0}
    )
    if cost.window_seconds is None:
        return bool(rows.filter(spent__lt=cost.limit).update(spent=F("spent") + 1))
    row = _held(cluster, cost.name)
    if row is None or _used(cost, row, now) >= cost.limit:
        return False
    row.marks = [*_counted(cost, row, now), now.isoformat()]
    _write(row)
    return True


def _held(cluster: Cluster, name: str) -> Budget | None:
    """The row as it is once every other writer of it has committed: the UPDATE waits for them."""
    rows = Budget.objects.filter(cluster=cluster, name=name)
    rows.update(spent=F("spent"))
    return rows.first()


def _write(row: Budget) -> None:
    row.spent = len(row.marks)
    if row.marks:
        row.window_start = datetime.fromisoformat(row.marks[0])
    row.save(update_fields=["marks", "spent", "window_start"])


def _used(cost: Cost, row: Budget, now: datetime) -> int:
    return row.spent if cost.window_seconds is None else len(_counted(cost, row, now))


def _counted(cost: Cost, row: Budget, now: datetime) -> list[str]:
    """When each unit was spent that still counts at `now`; one of the future counts, too."""
    begin = now - timedelta(seconds=cost.window_seconds or 0)
    return [mark for mark in row.marks if datetime.fromisoformat(mark) > begin]
