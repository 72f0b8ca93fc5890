"""Record what the product does, or compare that with a recording: `make golden`.

python -m benchmarks.golden                     record into var/golden
python -m benchmarks.golden --against DIR       record, and print every difference from DIR
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.golden.compare import accepted, differences, show

SEED = "0"


def main(arguments: list[str]) -> int:
    options = _parsed(arguments)
    if not options.compare_only:
        _same_order_of_sets()
        _record(options)
    return 0 if options.against is None else _compare(options.against, options.into)


def _compare(old: Path, new: Path) -> int:
    """1 for a difference that is not accepted, 2 where there is nothing to compare."""
    for folder in (old, new):
        if not any(folder.rglob("*.json")):
            print(f"there is no recording in {folder}")
            return 2
    return show(list(differences(old, new)), accepted())


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.golden", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    told = "where the recording goes; what is there is replaced (var/golden)"
    parser.add_argument("--into", type=Path, default=Path("var/golden"), help=told)
    parser.add_argument("--against", type=Path, help="an older recording to compare with")
    told = "compare what is in --into already; record nothing"
    parser.add_argument("--compare-only", action="store_true", help=told)
    told = "also what is done about every failure (minutes more)"
    parser.add_argument("--remediation", action="store_true", help=told)
    parser.add_argument("--scenario", default="", help="only those with this in their name")
    parser.add_argument("--only", action="append", help="a part: diagnose, rest, loop, declared")
    return parser.parse_args(arguments)


def _same_order_of_sets() -> None:
    """Python orders sets of text anew in every process, unless it is told a seed at its start."""
    if os.environ.get("PYTHONHASHSEED") != SEED:
        os.environ["PYTHONHASHSEED"] = SEED
        words = [sys.executable, "-m", "benchmarks.golden", *sys.argv[1:]]
        os.execv(sys.executable, words)  # noqa: S606 the same program


def _record(options: argparse.Namespace) -> None:
    from benchmarks.golden.recording import Recording

    shutil.rmtree(options.into, ignore_errors=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kubewise-golden-") as folder:
        recording = Recording(options.into, Path(folder), options.scenario)
        recording.run(options.only or (), options.remediation)
    count = sum(1 for path in options.into.rglob("*") if path.is_file())
    print(f"{count} files in {options.into}, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
