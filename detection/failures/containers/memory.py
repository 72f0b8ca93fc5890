"""Out of memory at the container's limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from detection.domain.causes import Cause
from detection.domain.facts import Growth, MemoryFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.domain.quantities import bytes_of
from detection.domain.units import counted, duration
from detection.failures.containers.crash_loops import Loop
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, full_name, observed, with_container
from detection.failures.rollback_evidence import Judgement, not_borne
from detection.snapshot import Snapshot
from detection.snapshot.pod_templates import quantity_of
from detection.snapshot.selectors import selecting_in

ONE_RAISE_A_DAY = timedelta(hours=24)


def memory_finding(
    snapshot: Snapshot,
    context: Context,
    owner: ObjectRef,
    found: Sequence[Loop],
    judged: Judgement,
) -> Finding:
    """F12, F13. Revision-borne only where the newest revision lowered this container's limit."""
    first = min(found, key=lambda loop: loop.opens_at)
    facts = memory_facts(snapshot, context, owner, found, first, judged)
    revision = judged.revision if facts.limit_lowered else not_borne(judged.revision)
    pods = list({loop.pod.metadata.uid: loop.pod for loop in found}.values())
    limit = facts.memory_limit or "none"
    return about_pods(
        snapshot,
        Cause.OOM_LEAK if is_leak(facts) else Cause.OOM_LIMIT_LOW,
        owner,
        pods,
        f"{full_name(owner)}: container {first.view.name} runs out of memory, its limit is {limit}",
        min(loop.onset for loop in found),
        min(loop.opens_at for loop in found),
        _evidence(found, facts),
        revision,
        facts,
    )


def is_leak(facts: MemoryFacts) -> bool:
    """It climbs steadily after each start, or a raise within a day did not help."""
    return bool(facts.raised_at) or bool(facts.growth and facts.growth.steady)


def memory_facts(
    snapshot: Snapshot,
    context: Context,
    owner: ObjectRef,
    found: Sequence[Loop],
    first: Loop,
    judged: Judgement,
) -> MemoryFacts:
    limit = str(first.view.spec.resources.limits.get("memory", ""))
    request = str(first.view.spec.resources.requests.get("memory", ""))
    lowered, raised = _limit_moves(first.view.name, judged)
    own = MemoryFacts(
        memory_limit=limit,
        memory_request=request,
        working_set_ratio=working_set_ratio(context, owner, first.view.name),
        limit_lowered=lowered and judged.revision.borne,
        raised_at=_raised_at(context, raised, judged),
        growth=_growth(context, owner, first.view.name),
        vpa=selecting_in(snapshot).vertical_scaler_of(owner) is not None,
        node_memory_pressure=_node_pressure(snapshot, found),
    )
    return with_container(own, first.view)


def working_set_ratio(context: Context, owner: ObjectRef, container: str) -> float | None:
    """The highest share of the limit that the metrics saw; None where they don't tell."""
    key = (owner.kind, owner.namespace, owner.name, container)
    ratio = context.metrics.memory_ratios.get(key)
    return None if ratio is None else round(ratio, 3)


def _growth(context: Context, owner: ObjectRef, container: str) -> Growth | None:
    key = (owner.kind, owner.namespace, owner.name, container)
    return context.metrics.memory_growth.get(key)


def _raised_at(context: Context, raised: bool, judged: Judgement) -> str | None:
    """When the newest revision raised the limit, where that is less than a day ago."""
    created = judged.newest.created if judged.newest else None
    if not raised or created is None or context.now - created >= ONE_RAISE_A_DAY:
        return None
    return created.isoformat()


def _limit_moves(container: str, judged: Judgement) -> tuple[bool, bool]:
    """Whether the newest revision lowered, and whether it raised the memory limit."""
    if judged.newest is None or judged.target is None:
        return False, False
    before = bytes_of(quantity_of(judged.target.template, container, "limits", "memory"))
    after = bytes_of(quantity_of(judged.newest.template, container, "limits", "memory"))
    if not after:
        return False, False
    return not before or after < before, bool(before) and after > before


def _node_pressure(snapshot: Snapshot, found: Sequence[Loop]) -> bool:
    nodes = [snapshot.node(loop.pod.spec.node_name) for loop in found]
    return any(
        condition.type == "MemoryPressure" and condition.status == "True"
        for node in nodes
        if node is not None
        for condition in node.status.conditions
    )


def _evidence(found: Sequence[Loop], facts: MemoryFacts) -> list[Evidence]:
    lines = [
        observed(
            "pods",
            f"{loop.pod.metadata.name}: container {loop.view.name} OOMKilled, "
            f"{counted(loop.view.status.restart_count, 'restart')}, "
            f"limit {facts.memory_limit or 'none'}",
            decisive=True,
        )
        for loop in found[:3]
    ]
    ratio = facts.working_set_ratio
    if ratio is not None:
        lines.append(Evidence("prometheus", f"working set reached {ratio:.0%} of the limit"))
    if (growth := facts.growth) is not None and growth.steady:
        share, left = growth.share_an_hour, duration(growth.seconds_to_limit)
        text = f"it climbs by {share:.0%} of the limit an hour, {left} from start to limit"
        lines.append(Evidence("prometheus", text, decisive=True))
    return lines
