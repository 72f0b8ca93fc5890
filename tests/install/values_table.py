"""`python -m tests.install.values_table`: the table in docs/install.md, from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kubewise_site.core.config.reading import BASE_DIR
from tests.install.helm import CHART

PAGE = BASE_DIR / "docs" / "install.md"
START, END = "<!-- values: made from the schema -->\n", "<!-- end of values -->"
HEAD = "| value | type | what it is |\n|---|---|---|\n"
# All components have the same fields: they stand in the table once.
SHARED = "components.web."


def table() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text())
    rows = (f"| `{name}` | {kind} | {text} |\n" for name, kind, text in _rows(schema, ""))
    return HEAD + "".join(rows)


def _rows(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for name, one in schema["properties"].items():
        inner = one.get("properties")
        place = f"{path}{name}"
        if inner is None:
            yield place.replace(SHARED, "components.NAME."), _type(one), _described(one)
        elif path != "components.":
            yield from _rows(one, f"{place}.")
        else:
            yield place, "object", _described(one)
            if name == "web":
                yield from _rows(one, f"{place}.")


def _type(one: dict[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(one["enum"])
    kind = one.get("type", "")
    return kind if isinstance(kind, str) else " or ".join(kind)


def _described(one: dict[str, Any]) -> str:
    return str(one["description"]).replace("|", "\\|")


def page(text: str) -> str:
    """The page with its table made anew."""
    before, _, rest = text.partition(START)
    return before + START + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
