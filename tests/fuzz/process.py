"""One target in atheris, in a process of its own: `python -m tests.fuzz.process NAME [ARGUMENT …]`.

The arguments are libFuzzer's. Only the product's own modules are watched for new branches.
"""

from __future__ import annotations

import os
import sys

import atheris

WATCHED = ["detection", "kubewise_site", "remediation"]


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    with atheris.instrument_imports(include=WATCHED):
        import django

        django.setup()
        from tests.fuzz.targets import TARGETS
    one = TARGETS[sys.argv[1]]
    if one.needs_database:
        _migrate()
    atheris.Setup([sys.argv[0], f"-max_len={one.longest}", *sys.argv[2:]], one.run)
    atheris.Fuzz()


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
