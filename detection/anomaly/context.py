"""What the anomaly detector is told beside the metrics: model, thresholds, what is settling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from detection.anomaly.history_join import Longer
from detection.anomaly.level_change import LevelChange
from detection.anomaly.model.artifacts import Model
from detection.anomaly.outlook import Notebook

Owner = tuple[str, str, str]


@dataclass(frozen=True)
class AnomalyView:
    """`model` None: there is none that may be used, and no anomaly is looked for.

    `threshold` overrides the model's; `raised`: owner → factor on it, from feedback;
    `settling`: owners (kind, namespace, name) after a rollout or a change of scale; `longer`
    answers with the history before the window of the owners it is asked for, None: nobody can.
    `learning_seconds`: an owner with a shorter history of its own is learned, not judged.
    `changed`: owner → changes of level that are known; `noted`: what the pass leaves behind.
    """

    model: Model | None = None
    threshold: float | None = None
    raised: Mapping[Owner, float] = field(default_factory=dict)
    settling: frozenset[Owner] = frozenset()
    longer: Longer | None = None
    learning_seconds: float = 0.0
    changed: Mapping[Owner, Sequence[LevelChange]] = field(default_factory=dict)
    noted: Notebook = field(default_factory=Notebook)
