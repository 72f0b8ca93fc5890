"""`manage.py score_series`: score the series of a parquet file with the model in force."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from detection.anomaly.model import artifacts
from detection.anomaly.model.artifacts import ModelRefused
from detection.domain.units import counted


class Command(BaseCommand):
    help = "Fit on each entity's train rows, score all rows causally, write them with score, alarm."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="a parquet file")
        parser.add_argument("--output", type=Path, required=True, help="the parquet file to write")

    def handle(self, *args: Any, data: Path, output: Path, **options: Any) -> None:
        from detection.anomaly import dataset

        try:
            model = artifacts.load_artifacts(Path(settings.AUTOENCODER_MODEL_PATH).resolve().parent)
            table, found = dataset.read(data)
        except (ModelRefused, dataset.WrongData) as error:
            raise CommandError(str(error)) from error
        scores, alarms, cold = score_rows(model, found, table.num_rows)
        dataset.write_scores(table, scores, alarms, output)
        self.stdout.write(
            f"{counted(table.num_rows, 'row')} of {counted(len(found), 'series')} scored by "
            f"{model.version}: {counted(int(alarms.sum()), 'alarm')}, "
            f"{counted(cold, 'series')} with too little history; {output}"
        )


def score_rows(model: artifacts.Model, found: Any, rows: int) -> tuple[Any, Any, int]:
    """Scores and alarms in the order of the file's rows, and how many series are warming up."""
    from detection.anomaly import scoring

    threshold = settings.AUTOENCODER_THRESHOLD
    scores, alarms, cold = np.zeros(rows), np.zeros(rows, dtype=np.bool_), 0
    alarm_at = model.alarm_at if threshold is None else threshold
    for series, scored in zip(
        found, scoring.score_all(model.network, found, alarm_at), strict=True
    ):
        scores[series.rows], alarms[series.rows] = scored.score, scored.alarm
        cold += scored.warming_up
    return scores, alarms, cold
