"""`manage.py import_model`: bring in a Keras model and scaler of one's own."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from detection.anomaly.model.artifacts import ModelRefused
from kubewise_site.core import clock


class Command(BaseCommand):
    help = "Check, export and record a Keras autoencoder over one window, with its scaler."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", type=Path, help="a .keras file")
        parser.add_argument(
            "scaler", type=Path, help="a .joblib file with a scaler of scikit-learn"
        )
        parser.add_argument("--use", action="store_true", help="use it at once")

    def handle(self, *args: Any, model: Path, scaler: Path, use: bool, **options: Any) -> None:
        from detection.training.jobs import import_model
        from detection.training.model import versions
        from detection.training.model.autoencoder import BadModel

        now = clock.now()
        try:
            versions.adopt_shipped(now)
            row = import_model.import_model(model, scaler, now)
            if use:
                row = versions.use(row.version, "import_model", now)
        except (BadModel, ModelRefused, OSError) as error:
            raise CommandError(str(error)) from error
        state = (
            "in use" if row.in_force else f"stored; use it with manage.py use_model {row.version}"
        )
        self.stdout.write(f"{row.version} imported: {state}. Measure it with evaluate_model.")
