"""Digests of specs, policies and templates: what "unchanged" means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of(*parts: Any) -> str:
    """A SHA-256 over the canonical JSON of `parts`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def spec_hash(found: Mapping[str, Any]) -> str:
    """The hash of an object's spec; status and resourceVersion change all the time."""
    return digest_of(found.get("spec") or {})
