"""The API server's audit log: every write, by whom, and whether it was rehearsed only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

WRITES = ["create", "update", "patch", "delete", "deletecollection"]
# Asking what one may do is a POST that changes nothing.
QUESTIONS = ("authorization.k8s.io", "authentication.k8s.io")


@dataclass(frozen=True)
class Write:
    user: str
    verb: str
    resource: str
    namespace: str
    name: str
    dry_run: bool
    code: int


def flags(folder: Path) -> tuple[str, ...]:
    """Of the API server: note each write when it is answered, at once."""
    policy = folder / "audit-policy.json"
    rules = [{"level": "Metadata", "verbs": WRITES}, {"level": "None"}]
    policy.write_text(
        json.dumps(
            {
                "apiVersion": "audit.k8s.io/v1",
                "kind": "Policy",
                "omitStages": ["RequestReceived"],
                "rules": rules,
            }
        )
    )
    log = f"--audit-log-path={_log(folder)}"
    return f"--audit-policy-file={policy}", log, "--audit-log-mode=blocking"


def writes_of(folder: Path, user: str) -> list[Write]:
    """What the user changed: rehearsals, questions and refusals are left out."""
    mine = [one for one in _all(folder) if one.user == user]
    return [one for one in mine if not one.dry_run and one.code < 300]


def _all(folder: Path) -> Iterator[Write]:
    for line in _log(folder).read_text().splitlines():
        entry = json.loads(line)
        target = entry.get("objectRef", {})
        if target.get("apiGroup") not in QUESTIONS:
            query = parse_qs(urlsplit(entry["requestURI"]).query)
            yield Write(
                entry["user"]["username"],
                entry["verb"],
                "/".join(filter(None, (target.get("resource"), target.get("subresource")))),
                target.get("namespace", ""),
                target.get("name", ""),
                "dryRun" in query,
                entry["responseStatus"]["code"],
            )


def _log(folder: Path) -> Path:
    return folder / "audit.log"
