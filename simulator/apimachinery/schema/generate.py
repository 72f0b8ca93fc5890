"""Writes fields.json from the official Python client's models:

`python -m simulator.apimachinery.schema.generate`.

Shape: `{"V1Deployment": {"spec": "V1DeploymentSpec", …}}`; a list is `["T"]`, a map `{"*": "T"}`,
a primitive `"str"`, `"int"`, `"bool"`, `"float"`, `"datetime"` or `"object"`.
"""

import json
import re
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("fields.json")
MODEL = re.compile(r"^[A-Z][A-Za-z]*?V[12][A-Z]?\w*$|^V[12][A-Z]\w*$")


def spec_of(text: str) -> Any:
    if text.startswith("List["):
        return [spec_of(text[5:-1])]
    if text.startswith("Dict["):
        return {"*": spec_of(text[5:-1].split(",", 1)[1].strip())}
    return text


def fields_of(model: Any) -> dict[str, Any]:
    return {model.attribute_map[name]: spec_of(kind) for name, kind in model.openapi_types.items()}


def main() -> None:
    from kubernetes import client

    models = {name: getattr(client, name) for name in dir(client) if MODEL.match(name)}
    table = {n: fields_of(m) for n, m in models.items() if hasattr(m, "openapi_types")}
    TARGET.write_text(json.dumps(table, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
