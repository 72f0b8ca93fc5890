"""Prompts are files with a version; what a cluster says reaches a model as fenced data only."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kubewise_site.core.redaction import redact_all

PROMPTS = Path(__file__).with_name("prompts")
VERSION = re.compile(r"<!-- version: (\d+) -->\n")


@dataclass(frozen=True)
class Prompt:
    """`text` is the instruction, never mixed with data."""

    name: str
    version: int
    text: str

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


@lru_cache(maxsize=8)
def prompt(name: str) -> Prompt:
    """The prompt of `prompts/<name>.md`."""
    content = (PROMPTS / f"{name}.md").read_text()
    version = VERSION.match(content)
    if not version:
        raise ValueError(f"prompts/{name}.md does not begin with its version")
    return Prompt(name, int(version[1]), content[version.end() :].strip())


def fenced(data: Mapping[str, Any]) -> str:
    """`data`, redacted, as JSON between two fence lines that it can't contain.

    The fence bears the document's own hash: who writes the document can't know it beforehand.
    Line breaks within texts are escaped by JSON, so no line of it is anyone else's either.
    """
    document = json.dumps(redact_all(dict(data)), ensure_ascii=True, default=str)
    fence = f"DATA {hashlib.sha256(document.encode()).hexdigest()[:16]}"
    return f"<<< {fence}\n{document}\n>>> {fence}"
