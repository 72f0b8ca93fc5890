"""`manage.py prepare`: migrate, seed the queries, write the schedule. Safe to run again."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from kubewise_site.up.first_start import prepare_database


class Command(BaseCommand):
    help = "Migrate the database, seed the metric queries and write the schedule."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        for warning in prepare_database():
            self.stderr.write(self.style.WARNING(warning))
