"""`manage.py train_model`: train, measure on entities left out, use it where it is better."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from detection.anomaly.dataset import WrongData
from detection.anomaly.model.artifacts import ModelRefused
from detection.management.progress import progress
from kubewise_site.core import clock

EPOCHS, SEEDS, FOLDS, HOURS = 10, 3, 3, 24
STEPS_DATA = FOLDS + (FOLDS + 1) * SEEDS * EPOCHS
STEPS_HISTORY = HOURS + SEEDS * EPOCHS + 1


class Command(BaseCommand):
    help = "Train the anomaly model. It is used if it is better than the current one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--data", type=Path, help="a directory with parquet files")
        source.add_argument(
            "--from-history", action="store_true", help="the cluster's own metric history"
        )
        parser.add_argument(
            "--step",
            action="append",
            default=[],
            metavar="SET=SECONDS",
            help="time between samples of a set whose time is a sample's number; 60 otherwise",
        )
        parser.add_argument("--force", action="store_true", help="use it even if it is not better")

    def handle(self, *args: Any, **options: Any) -> None:
        from detection.training.jobs.retraining import from_data, from_history
        from detection.training.model.errors import NoHistory, TooLittleData

        now, force = clock.now(), options["force"]
        steps = STEPS_HISTORY if options["from_history"] else STEPS_DATA
        try:
            with progress(self.stderr, steps) as tell:
                if options["from_history"]:
                    done = from_history(now, tell, force=force)
                else:
                    done = from_data(options["data"], now, tell, steps=options["step"], force=force)
        except (WrongData, TooLittleData, NoHistory, ModelRefused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(done.message)
