"""`manage.py create_token USER`: make an API token and print it, the only time it can be read."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from kubewise_site.core import clock
from kubewise_site.core.access import issuing
from kubewise_site.core.access.scopes import TokenScope


class Command(BaseCommand):
    help = "Create an API token for a user and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the user name; the token can do no more than the user")
        parser.add_argument(
            "--scope", action="append", dest="scopes",
            choices=[scope.value for scope in TokenScope],
            help="may be given several times; read is always included",
        )  # fmt: skip
        parser.add_argument(
            "--days",
            type=int,
            default=issuing.DAYS_DEFAULT,
            help="how many days the token is valid",
        )
        parser.add_argument("--name", default="", help="what the token is for")

    def handle(self, *_: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']!r}.")
        name = options["name"] or "created by create_token"
        try:
            row, token = issuing.issue(
                user, name, options["scopes"] or (), options["days"], clock.now()
            )
        except ValueError as error:
            raise CommandError(f"No token created: {error}.") from None
        told = f"{', '.join(row.scopes)}, until {row.expires_at:%Y-%m-%d %H:%M} UTC"
        self.stderr.write(f"Token of {user.get_username()}: {told}. It is shown only once.")
        self.stdout.write(token)
