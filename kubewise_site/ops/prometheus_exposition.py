"""KubeWise's own metrics, computed from the database: right for any number of processes and hosts.

`kubewise_…_total` counts rows of history, so it only falls when history is pruned. Times are
percentiles over the last 24 hours, as a process of its own memory would forget them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Min
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from detection.clients import current_cluster
from detection.domain.statuses import OPEN, START, Status
from detection.models import Alert, Heartbeat, Incident, SourceState
from kubewise_site.ops.own_troubles import TASK_PREFIX
from kubewise_site.ops.queues import QUEUE_PREFIX
from kubewise_site.version import VERSION
from remediation.controls import acceptances
from remediation.controls.mode_and_stop import standing
from remediation.llm.usage.totals import Usage, usage
from remediation.models import Attempt
from remediation.policy.verdicts import Verdict

DAY = timedelta(hours=24)
LATELY = timedelta(minutes=5)
PERCENTILES = (50, 95)
MOST_DURATIONS = 10_000
MOST_DECISIONS = 5_000
HOLDING_BACK = frozenset(Verdict) - {Verdict.ACT}
Counted = Iterable[tuple[Sequence[str], float]]


def exposition(now: datetime) -> bytes:
    """The text format of Prometheus, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromDatabase(now))
    return generate_latest(registry)


class _FromDatabase(Collector):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield _gauge("build_info", "The version that runs.", ("version",), [((VERSION,), 1)])
        yield from _incidents(self._now)
        yield from _times(self._now)
        yield from _attempts()
        yield from _gates()
        yield from _queues(self._now)
        yield from _sight(self._now)
        yield from _switches()
        yield from _model_calls()

    def describe(self) -> Iterator[Metric]:
        return iter(())


def _incidents(now: datetime) -> Iterator[Metric]:
    """What is accepted is counted apart: an alert on open incidents is about alarms."""
    labels = ("status", "cause", "severity")
    rows = Incident.objects.order_by().values_list(*labels).annotate(Count("id"))
    known = acceptances.accepted(now)
    still_open = rows.filter(status__in=OPEN, closed_at__isnull=True)
    alarms = [(row[:3], row[3]) for row in still_open.exclude(known)]
    yield _gauge("incidents_open", "Open incidents that nobody accepted.", labels, alarms)
    held = [(row[:3], row[3]) for row in still_open.filter(known)]
    yield _gauge("incidents_accepted", "Open incidents that a person accepted.", labels, held)
    over = Incident.objects.order_by().exclude(status__in=OPEN).values_list("status", "cause")
    closed = [(row[:2], row[2]) for row in over.annotate(Count("id"))]
    help_text = "Closed incidents."
    yield _counter("incidents_closed", help_text, ("status", "cause"), closed)
    firing = Alert.objects.filter(state=Alert.State.FIRING).count()
    yield _gauge("alerts_firing", "Firing alerts of Alertmanager.", (), [((), firing)])


def _times(now: datetime) -> Iterator[Metric]:
    rows = Incident.objects.filter(last_seen__gte=now - DAY).order_by("-id")
    found = rows.values_list("onset", "first_seen")[:MOST_DURATIONS]
    detection = [(seen - onset).total_seconds() for onset, seen in found]
    yield _percentiles("detection_seconds", "From onset to detection, last 24 h.", detection)
    ended = rows.filter(status=Status.RESOLVED, closed_at__isnull=False)
    ended = ended.exclude(acceptances.ever_accepted())
    times = ended.values_list("first_seen", "closed_at")[:MOST_DURATIONS]
    repair = [(closed - seen).total_seconds() for seen, closed in times if closed]
    yield _percentiles("repair_seconds", "From detection to resolution, last 24 h.", repair)


def _percentiles(name: str, help_text: str, values: list[float]) -> Metric:
    """Nearest rank; without values there is no sample, which is not the same as 0."""
    ordered = sorted(values)
    ranks = [(p, min(p * len(ordered) // 100, len(ordered) - 1)) for p in PERCENTILES if ordered]
    found = [((str(p),), ordered[at]) for p, at in ranks]
    return _gauge(name, help_text, ("percentile",), found)


def _attempts() -> Iterator[Metric]:
    rows = Attempt.objects.order_by().values_list("action", "state", "outcome")
    counted = [((a, s, o or "none"), count) for a, s, o, count in rows.annotate(Count("id"))]
    yield _counter("attempts", "Attempts ever made.", ("action", "state", "outcome"), counted)


def _gates() -> Iterator[Metric]:
    """Of open incidents: which gate holds how many of them back, and how far it lets them."""
    rows = Incident.objects.filter(status__in=OPEN, decision__isnull=False).order_by("-id")
    found: Counter[tuple[str, str]] = Counter()
    for decision in rows.values_list("decision", flat=True)[:MOST_DECISIONS]:
        for reason in (decision or {}).get("reasons", ()):
            gate, _, rest = str(reason).partition(": ")
            verdict = rest.partition(": ")[0]
            if verdict in HOLDING_BACK:
                found[gate, verdict] += 1
    help_text = "Open incidents that a gate holds back."
    yield _gauge("gate_refusals", help_text, ("gate", "verdict"), list(found.items()))


def _queues(now: datetime) -> Iterator[Metric]:
    """Seconds for which the oldest has waited; no sample: nothing waits."""
    first_seen = Min("first_seen")
    waiting = Incident.objects.filter(status=Status.AWAITING_APPROVAL)
    waiting = waiting.exclude(acceptances.accepted(now))
    due = Attempt.objects.filter(state=Attempt.State.APPLIED, verify_due_at__lte=now)
    oldest = {
        "analysis": Incident.objects.filter(status__in=START).aggregate(at=first_seen)["at"],
        "approval": waiting.aggregate(at=first_seen)["at"],
        "verification": due.aggregate(at=Min("verify_due_at"))["at"],
    }
    found = [((stage,), (now - at).total_seconds()) for stage, at in oldest.items() if at]
    yield _gauge("queue_age_seconds", "How long the oldest has waited.", ("stage",), found)


def _sight(now: datetime) -> Iterator[Metric]:
    rows = SourceState.objects.exclude(state=SourceState.State.NOT_INSTALLED)
    blind = [((row.name,), float(row.state == SourceState.State.BLIND)) for row in rows]
    yield _gauge("source_blind", "1: the source cannot be read.", ("source",), blind)
    signs = {row.name: row for row in Heartbeat.objects.all()}
    waits = {name: row for name, row in signs.items() if name.startswith(QUEUE_PREFIX)}
    ages = [
        ((name,), (now - row.at).total_seconds())
        for name, row in signs.items()
        if not name.startswith((QUEUE_PREFIX, TASK_PREFIX))
    ]
    yield _gauge("heartbeat_age_seconds", "Time since the last sign of life.", ("name",), ages)
    yield _queue_waits(waits, now)


def _queue_waits(waits: Mapping[str, Heartbeat], now: datetime) -> Metric:
    found = [
        ((name.removeprefix(QUEUE_PREFIX),), row.detail["wait_ms"] / 1000)
        for name, row in waits.items()
        if now - row.at <= LATELY
    ]
    help_text = "How long the queue's last message waited; no sample: none lately."
    return _gauge("queue_wait_seconds", help_text, ("queue",), found)


def _switches() -> Iterator[Metric]:
    found = standing(current_cluster())
    yield _gauge("stopped", "1: the stop switch is pulled.", (), [((), float(found.stopped))])
    yield _gauge("mode_auto", "1: the mode is AUTO.", (), [((), float(found.auto))])


def _model_calls() -> Iterator[Metric]:
    labels = ("provider", "model", "outcome")
    found = [((one.provider, one.model, one.outcome), one) for one in usage()]

    def of(name: str, text: str, value: Callable[[Usage], float]) -> Metric:
        return _counter(f"model_{name}", text, labels, [(key, value(one)) for key, one in found])

    yield of("calls", "Calls to models.", lambda one: one.calls)
    yield of(
        "tokens", "Tokens sent and received.", lambda one: one.prompt_tokens + one.answer_tokens
    )
    yield of("cost_usd", "Cost of calls to models, in US dollars.", lambda one: float(one.cost_usd))
    yield of("seconds", "Duration of calls to models.", lambda one: one.seconds)


def _gauge(name: str, help_text: str, labels: Sequence[str], found: Counted) -> Metric:
    family = GaugeMetricFamily(f"kubewise_{name}", help_text, labels=list(labels))
    for values, number in found:
        family.add_metric(list(values), number)
    return family


def _counter(name: str, help_text: str, labels: Sequence[str], found: Counted) -> Metric:
    family = CounterMetricFamily(f"kubewise_{name}", help_text, labels=list(labels))
    for values, number in found:
        family.add_metric(list(values), number)
    return family
