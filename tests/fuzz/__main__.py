"""`make fuzz`: every target in turn, for so many seconds; prints executions and faults.

What reached new code is kept in `var/fuzz/NAME`; `--keep` merges the smallest of it into the
repository's corpus. Exits with 1 where a fault was found: its input then belongs into the corpus.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / "var" / "fuzz"
RUNS = re.compile(r"stat::number_of_executed_units: +(\d+)")
RAISED = re.compile(r"^ === Uncaught Python exception: ===\n(.+)$", re.M)
LONGEST_RUN_SECONDS = 10
MOST_MEGABYTES = 3072
LARGEST_KEPT, MOST_KEPT = 4096, 40


@dataclass(frozen=True)
class Fuzzed:
    name: str
    runs: int
    kept: int
    fault: str


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from tests.fuzz.targets import TARGETS

    options = _options()
    chosen = [name for name in TARGETS if options.only in name]
    print(f"{'target':<28}{'executions':>12}{'inputs kept':>13}  fault", flush=True)
    found = [_fuzzed(name, options.seconds, options.keep) for name in chosen]
    print(f"{'all':<28}{sum(one.runs for one in found):>12,}")
    return int(any(one.fault for one in found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", default="", help="targets with this in their name")
    parser.add_argument("--keep", action="store_true", help="merge into the repository's corpus")
    return parser.parse_args()


def _fuzzed(name: str, seconds: int, keep: bool) -> Fuzzed:
    from tests.fuzz.targets import TARGETS

    new, corpus = WORK / name, TARGETS[name].corpus
    for folder in (new, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    said = _process(name, new, corpus, f"-max_total_time={seconds}")
    if keep:
        _merge(name, new, corpus)
    runs, raised = RUNS.search(said), RAISED.search(said)
    fault = raised[1] if raised else _other_end(said)
    found = Fuzzed(name, int(runs[1]) if runs else 0, len(list(new.iterdir())), fault)
    print(f"{name:<28}{found.runs:>12,}{found.kept:>13}  {fault[:300]}", flush=True)
    if fault:
        print(said[-6000:])
    return found


def _other_end(said: str) -> str:
    """libFuzzer's own finding: a time-out, too much memory, a crash of the interpreter."""
    found = re.search(r"==\d+== ?ERROR: (.+)|SUMMARY: (.+)", said)
    return next((text for text in found.groups() if text), "") if found else ""


def _process(name: str, *arguments: object) -> str:
    limits = [f"-timeout={LONGEST_RUN_SECONDS}", f"-rss_limit_mb={MOST_MEGABYTES}"]
    command = [sys.executable, "-m", "tests.fuzz.process", name, *map(str, arguments), *limits]
    faults = f"-artifact_prefix={WORK}/fault-{name.replace(' ', '-')}-"
    done = subprocess.run(
        [*command, "-print_final_stats=1", faults], cwd=ROOT, capture_output=True, check=False
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _merge(name: str, new: Path, corpus: Path) -> None:
    """The fewest inputs that reach what all of them reach, small ones first."""
    merged = WORK / f"merged-{name}"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    _process(name, "-merge=1", merged, new)
    small = [one for one in merged.iterdir() if one.stat().st_size <= LARGEST_KEPT]
    for one in sorted(small, key=lambda path: path.stat().st_size)[:MOST_KEPT]:
        shutil.copy(one, corpus / f"kept-{one.name[:12]}")


if __name__ == "__main__":
    sys.exit(main())
