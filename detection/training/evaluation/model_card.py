"""The model card, made from the manifest that the evaluation filled: no figure is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detection.anomaly.scoring import adaptive_threshold
from detection.domain.units import counted
from detection.training.evaluation.evaluate import OURS

HONEST = (
    ("auc_pr_per_entity", "AUC-PR"),
    ("vus_pr_per_entity", "VUS-PR"),
    ("f1", "F1"),
    ("event_recall", "event recall"),
    ("false_alarms_per_day", "false alarms per entity-day"),
    ("delay_seconds", "median delay, s"),
)
TEXT = """# The anomaly model in force: {version}

Made by `manage.py train_model`; do not edit. {parameters} weights in {seeds} dense autoencoders \
over windows of {window_samples} samples of one scaled metric, averaged; trained on \
{trained_on} without labels. Served in numpy (`kube_anomaly_weights.npz`); \
`kube_anomaly_autoencoder.keras` and `kube_anomaly_scaler.joblib` are the same model for Keras.

**How it was measured.** {evaluation}; labels were used for these figures alone. Nothing is \
point-adjusted. One rule for all sets: an alarm is two of three samples above {threshold}, where \
1 is the entity's own usual maximum, or above {room} times the median of its last {days} days \
where that is more. AUC-PR and VUS-PR are means over the series with events; the other figures \
pool all series. In brackets: 95 % intervals of a bootstrap over series.

## Honest figures

{honest}

## Normal and anomaly, row by row

Most rows are normal, so accuracy flatters every detector: one that never alarms reaches the share \
of normal rows.

{classic}

## Each seed alone

{by_seed}

## What it can't do

- Servers of the kind of `smd8` drift. Their limit follows what they do, but only after a day: an \
entity that changes for good has alarms until then, and an outage of more than a day is taken \
for the new usual. The number of incidents a day is limited as well.
- A daily pattern needs two days of history, a weekly one four weeks; before that a busy hour \
looks unusual.
- It was trained on steps of one and five minutes. Restarts, kills, replicas and phases are for \
rules.
- An alarm says "unusual", never "broken". It is a suggestion to look, and never a reason for an \
automatic action.

Libraries: {libraries}. Data: sha256 `{data_sha256}`.
"""


def card_text(known: Mapping[str, Any]) -> str:
    """Markdown of one version's manifest."""
    scores: Mapping[str, Mapping[str, Any]] = known["scores"]
    plain = [name for name in scores if not name.startswith(f"{OURS}, seed")]
    seeds = [name for name in scores if name.startswith(f"{OURS}, seed")]
    sets = ", ".join(
        f"{name} ({counted(count, 'series')})" for name, count in known["trained_on"].items()
    )
    fields = {
        name: value for name, value in known.items() if name not in ("trained_on", "libraries")
    }
    return TEXT.format(
        **fields,
        room=round(adaptive_threshold.ROOM * known["threshold"], 2),
        days=adaptive_threshold.MEMORY_DAYS,
        trained_on=sets,
        honest=_honest(scores, plain),
        classic=_classic(scores.get(OURS, {})),
        by_seed=_honest(scores, seeds),
        libraries=", ".join(f"{name} {number}" for name, number in known["libraries"].items()),
    )


def _honest(scores: Mapping[str, Mapping[str, Any]], detectors: Sequence[str]) -> str:
    groups = sorted({group for name in detectors for group in scores[name]})
    tables = [
        f"### {group}\n\n"
        + _table(
            ["", *(title for _, title in HONEST)],
            [
                [_bold(name), *(_with_interval(scores[name][group], key) for key, _ in HONEST)]
                for name in detectors
                if group in scores[name]
            ],
        )
        for group in groups
    ]
    return "\n\n".join(tables) if tables else "Not measured."


def _bold(name: str) -> str:
    return f"**{name}**" if name == OURS else name


def _classic(groups: Mapping[str, Any]) -> str:
    rows = []
    for group, found in sorted(groups.items()):
        normal = (found["normal_precision"], found["normal_recall"], found["normal_f1"])
        anomaly = (found["precision"], found["recall"], found["f1"])
        rows.append([group, "Normal", *map(_number, normal), _number(found["accuracy"])])
        rows.append([group, "Anomaly", *map(_number, anomaly), ""])
    return _table(["set", "class", "precision", "recall", "F1", "accuracy"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _with_interval(found: Mapping[str, Any], key: str) -> str:
    interval = found["intervals"].get(key)
    if found[key] is None or not interval or interval[0] is None:
        return _number(found[key])
    return f"{_number(found[key])} ({_number(interval[0])}–{_number(interval[1])})"


def _number(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"
