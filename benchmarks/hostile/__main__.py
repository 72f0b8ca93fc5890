"""Prints who is judged and how long two passes take, without and with the hostile objects.

`make bench-hostile`: 1,000 objects, 30 of them hostile. The exit code is 1 where one of the others
is missed or the passes take more than twice as long.
"""

from __future__ import annotations

import os
import sys
import tempfile

WORKLOADS, MOST = 322, 2.0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kubewise-hostile-") as folder:
        _set_up(folder)
        return _compared()


def _set_up(folder: str) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
        "KUBEWISE_ENV_FILE": os.devnull,
        "KUBEWISE_DATA_DIR": folder,
        "LOG_LEVEL": "CRITICAL",
        "PROMETHEUS_URL": "",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _compared() -> int:
    from benchmarks.hostile.kinds import KINDS
    from benchmarks.hostile.passes import passes
    from kubewise_site.core import clock

    now = clock.now()
    passes(WORKLOADS, (), now, "warm-up")
    well = passes(WORKLOADS, (), now, "without")
    hostile = passes(WORKLOADS, KINDS, now, "with")
    for name, one in (("without", well), ("with", hostile)):
        print(f"{name:8} {one.judged} workloads of {one.workloads} judged, {one.missed} missed; "
              f"{one.seconds:.2f} s of CPU for two passes")  # fmt: skip
    ratio = hostile.seconds / well.seconds
    print(f"{len(KINDS)} hostile kinds: {ratio:.2f} × the time (at most {MOST})")
    for source, why in sorted(hostile.blind.items()):
        print(f"  {source}: {why[:160]}")
    return int(hostile.missed > 0 or ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
