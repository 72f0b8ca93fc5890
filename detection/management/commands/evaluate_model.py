"""`manage.py evaluate_model`: every measure of the model in force, beside the baselines."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from detection.anomaly.dataset import WrongData
from detection.anomaly.model import artifacts
from detection.anomaly.model.artifacts import ModelRefused
from detection.management.commands.train_model import STEPS_DATA
from detection.management.progress import progress


class Command(BaseCommand):
    help = "Measure the model in use, or with --leave-out the recipe on entities it never saw."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="a directory with parquet")
        parser.add_argument("--output", choices=("json", "table"), default="table")
        parser.add_argument(
            "--step",
            action="append",
            default=[],
            metavar="SET=SECONDS",
            help="time between samples of a set whose time is a sample's number; 60 otherwise",
        )
        parser.add_argument(
            "--leave-out", action="store_true", help="train anew without the entities scored"
        )

    def handle(self, *args: Any, data: Path, output: str, **options: Any) -> None:
        try:
            found = self._measure(data, options["step"], leave_out=options["leave_out"])
        except (ModelRefused, WrongData) as error:
            raise CommandError(str(error)) from error
        text = json.dumps(found, ensure_ascii=False, indent=1) if output == "json" else table(found)
        self.stdout.write(text)

    def _measure(self, data: Path, steps: list[str], *, leave_out: bool) -> dict[str, Any]:
        from detection.training.evaluation import evaluate
        from detection.training.jobs import comparison, train
        from detection.training.model.errors import TooLittleData

        sets = evaluate.read_sets(data, evaluate.steps_of(steps))
        paths = [*data.glob("*/*.parquet")] or [*data.glob("*.parquet")]
        with progress(self.stderr, STEPS_DATA if leave_out else 2 * len(sets)) as tell:
            if leave_out:
                try:
                    scores = train.evaluate_unseen(sets, tell)
                except TooLittleData as error:
                    raise WrongData(str(error)) from error
                return {"entities": "left out of training", "scores": scores}
            directory = Path(settings.AUTOENCODER_MODEL_PATH).resolve().parent
            model, known = artifacts.load_artifacts(directory), artifacts.manifest(directory)
            seen = known["data_sha256"] == train.files_hash(paths)
            entities = SEEN if seen else "not its own"
            found = comparison.with_every_baseline(model.network, sets, tell)
        return {
            "version": model.version,
            "entities": entities,
            "scores": evaluate.measures_table(found),
        }


SEEN = "the network was trained on them: the figures are too good"
SHOWN = ("auc_pr_per_entity", "vus_pr_per_entity", "f1", "event_recall", "false_alarms_per_day")


def table(found: dict[str, Any]) -> str:
    """One line per group and detector."""
    lines = [f"entities: {found['entities']}", " ".join(("group, detector", *SHOWN))]
    for detector, groups in found["scores"].items():
        for group, values in groups.items():
            figures = (values[name] for name in SHOWN)
            shown = "  ".join("—" if value is None else f"{value:.2f}" for value in figures)
            lines.append(f"{group:22} {detector:28} {shown}")
    return "\n".join(lines)
