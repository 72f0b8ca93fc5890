"""One case: what is said about it, beside what a reader needs to be told.

A case is a folder: a dump, and `expect.yaml` with the accepted owners, how many incidents there may
be, regular expressions that must match somewhere in the answer (`say`), and some that may match
nowhere (`never`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from detection.kubernetes.dump import open_dump
from remediation.controls.limits import limits
from remediation.diagnose.run import Report, as_auto, diagnose_cluster

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """`missing`: what was not said; `false`: what should not have been."""

    name: str
    has_owner: bool
    missing: tuple[str, ...]
    false: tuple[str, ...]
    causes: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return self.has_owner and not self.missing and not self.false


def judge(folder: Path) -> Verdict:
    expected: Json = yaml.safe_load((folder / "expect.yaml").read_text())
    incidents = [item.as_dict() for item in _answer(folder, expected).found]
    text = json.dumps(incidents, default=str, ensure_ascii=False).replace('\\"', '"')
    return Verdict(
        folder.name,
        _has_owner(incidents, expected.get("owner") or ()),
        tuple(one for one in expected.get("say") or () if not re.search(one, text, re.IGNORECASE)),
        tuple(one for one in expected.get("never") or () if re.search(one, text, re.IGNORECASE)),
        tuple(item["cause"] for item in incidents),
    )


def _answer(folder: Path, expected: Json) -> Report:
    """As `diagnose --dump FOLDER --complete --now …` has it, without metrics."""
    now = datetime.fromisoformat(expected["now"])
    return diagnose_cluster(
        open_dump(str(folder), True), now, as_auto(limits()), with_evidence=True, with_young=True
    )


def _has_owner(incidents: Sequence[Json], accepted: Sequence[Json]) -> bool:
    """One of the accepted owners has an incident; where there are none, nothing above info."""
    if not accepted:
        return not any(item["severity"] != "info" for item in incidents)
    return any(_is(item["owner"], one) for item in incidents for one in accepted)


def _is(owner: Json, accepted: Json) -> bool:
    same_name = accepted["name"] in ("*", owner["name"])
    place = owner["namespace"] == (accepted.get("namespace") or "")
    return bool(owner["kind"] == accepted["kind"] and place and same_name)
