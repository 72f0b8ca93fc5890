"""The table of values in docs/install.md is made from the schema."""

import json

from tests.install import values_table
from tests.install.helm import CHART


def test_the_table_is_the_one_that_the_schema_makes() -> None:
    text = values_table.PAGE.read_text()
    assert text == values_table.page(text)


def test_every_value_is_described() -> None:
    assert _undescribed(json.loads((CHART / "values.schema.json").read_text()), "") == []


def _undescribed(schema: dict, path: str) -> list[str]:
    found = [] if path == "" or schema.get("description") else [path]
    for name, one in schema.get("properties", {}).items():
        found += _undescribed(one, f"{path}.{name}")
    return found
