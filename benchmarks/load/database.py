"""The database that the benchmarks of admin and API share: filled once, kept below var/bench.

Without DATABASE_URL it is SQLite. It is filled anew when it was filled for other numbers, by other
migrations or another filler, or when its newest incidents are no longer of this hour or the last.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "bench"
FRESH = timedelta(hours=3)
MARK = "kubewise_benchmark"
DECIDES = (Path(__file__).parent / "rows.py", Path(__file__).parent / "bulk_insert.py")


def options(about: str | None) -> argparse.ArgumentParser:
    """What both benchmarks take."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--incidents", type=int, default=1_000_000)
    parser.add_argument("--transitions", type=int, default=5_000_000)
    parser.add_argument("--open", type=int, default=3_000, help="of the incidents, the newest")
    parser.add_argument("--times", type=int, default=100, help="answers of each kind")
    parser.add_argument("--refill", action="store_true", help="make the rows anew")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    return parser


def ready(given: argparse.Namespace) -> None:
    """Django is set up, the database filled. Refuses a database with rows that aren't ours."""
    _set_up()
    from django.db import connection

    stamp = f"{given.incidents} {given.transitions} {given.open} {_code()}"
    if given.refill or not _is_filled(stamp):
        _fill(given, stamp)
    print(f"{connection.vendor}: {given.incidents:,} incidents, {given.open:,} of them open; "
          f"{given.transitions:,} transitions; load of the machine "
          f"{os.getloadavg()[0]:.1f}\n", flush=True)  # fmt: skip


def _set_up() -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
        "KUBEWISE_ENV_FILE": os.devnull,
        "KUBEWISE_DATA_DIR": str(KEPT),
        "LOG_LEVEL": "ERROR",
        "ALLOWED_HOSTS": "testserver",
    }
    import django

    django.setup()


def _code() -> str:
    """Changes when what fills the tables or their shape does."""
    from django.apps import apps

    folders = [Path(apps.get_app_config(app).path) / "migrations"
               for app in ("detection", "remediation")]  # fmt: skip
    files = [*DECIDES, *(file for folder in folders for file in sorted(folder.glob("*.py")))]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _is_filled(stamp: str) -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        if MARK not in connection.introspection.table_names(cursor):
            return False
        cursor.execute(f"SELECT stamp, at FROM {MARK}")  # noqa: S608 a constant
        rows = cursor.fetchall()
    return any(found == stamp and time.time() - at < FRESH.total_seconds() for found, at in rows)


def _fill(given: argparse.Namespace, stamp: str) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection

    _emptied()
    call_command("migrate", verbosity=0)
    from benchmarks.load.rows import Year, fill
    from detection.runtime.database_statistics import refresh

    User.objects.create_superuser("bench", password=None)
    began = time.perf_counter()
    fill(Year(given.incidents, given.transitions, given.open, datetime.now(UTC)))
    refresh()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {MARK} (stamp text, at double precision)")
        cursor.execute(f"INSERT INTO {MARK} VALUES (%s, %s)", [stamp, time.time()])  # noqa: S608
    print(f"Filled in {time.perf_counter() - began:.0f} s.", flush=True)


def _emptied() -> None:
    """No table at all. A database with tables but without our mark is somebody's."""
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.close()
        name = Path(settings.DATABASES["default"]["NAME"])
        if KEPT not in name.parents:
            raise SystemExit(f"{name} is not the benchmark's own database; leave DATABASE_URL out.")
        for file in name.parent.glob(f"{name.name}*"):
            file.unlink()
        return
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if tables and MARK not in tables:
            raise SystemExit("DATABASE_URL has tables that no benchmark made; give an empty one.")
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
