"""Judge the cases of a folder and print a line for each. The exit code is 1 below the bar."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from benchmarks.cases.judge import Verdict, judge  # noqa: E402

FOLDER = Path("../shared/cases")
# How many of the 95 are right today; a change that makes one wrong can't pass unnoticed.
BAR = 87


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="only those with this in their name")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    found = [judge(one.parent) for one in sorted(given.folder.glob(f"*{given.name}*/expect.yaml"))]
    for verdict in found:
        print(_line(verdict))
    right = sum(verdict.is_right for verdict in found)
    print(f"{right} of {len(found)} right (bar {BAR} of all)")
    return int(not found or (not given.name and right < BAR))


def _line(verdict: Verdict) -> str:
    wrong = [] if verdict.has_owner else ["another owner, or none"]
    wrong += [f"not said: {one}" for one in verdict.missing]
    wrong += [f"false: {one}" for one in verdict.false]
    told = "; ".join(wrong) or "right"
    return f"{verdict.name:28} {', '.join(verdict.causes) or '–'}: {told}"[:240]


if __name__ == "__main__":
    sys.exit(main())
