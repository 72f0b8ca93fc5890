"""Values as readable JSON, without ports, folders and measured times."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.golden.product import HOME

PORT = re.compile(r"(127\.0\.0\.1|localhost):\d{5}")
FOLDER = re.compile(r"/[\w./-]*kubewise-golden-\w+")
MEASURED = frozenset({
    "latency_ms", "wait_ms", "broker_ms", "database_ms", "duration_seconds", "milliseconds",
})  # fmt: skip


def jsonable(value: Any) -> Any:
    """What JSON can hold; of code its name."""
    if isinstance(value, Mapping):
        return {str(key): _measured(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(jsonable(item)) for item in value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return text(str(value)) if isinstance(value, str | Path) else _callable_or_text(value)


def _measured(name: str, value: Any) -> Any:
    taken = name in MEASURED and isinstance(value, float | int)
    return "<measured>" if taken else jsonable(value)


def _callable_or_text(value: Any) -> str:
    if callable(value):
        return f"<{getattr(value, '__name__', type(value).__name__)}>"
    return text(str(value))


def text(told: str) -> str:
    return PORT.sub(r"\1:<port>", FOLDER.sub("<folder>", told.replace(str(HOME), "<home>")))


def write(folder: Path, name: str, document: Any) -> None:
    """`name` without its ending; a text becomes a text file."""
    path = folder / (f"{name}.txt" if isinstance(document, str) else f"{name}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(document, str):
        path.write_text(text(document))
        return
    path.write_text(
        json.dumps(jsonable(document), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    )
