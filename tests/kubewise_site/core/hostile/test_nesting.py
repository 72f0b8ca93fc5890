"""JSON nested 20,000 deep in one object hides no other, and costs linear time."""

from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.kubernetes.decoding import decode_page
from detection.kubernetes.objects.core import ControllerRevision, Pod
from kubewise_site.core.nesting import without_depths
from tests.kubewise_site.core.hostile import growth, shapes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_shallow_stays_byte_for_byte(value: object) -> None:
    content = json.dumps(value).encode()
    assert without_depths(content) == content


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_what_is_deep_becomes_null(opening: str, closing: str) -> None:
    content = (opening * 20_000 + "1" + closing * 20_000).encode()
    found = without_depths(b'{"deep":' + content + b',"after":"]}"}')
    assert json.loads(found)["after"] == "]}"


@pytest.mark.parametrize("type_", [Pod, ControllerRevision])
def test_one_deep_object_hides_no_other(type_: type[Pod] | type[ControllerRevision]) -> None:
    deep = "[" * 20_000 + "]" * 20_000
    items = [f'{{"metadata":{{"name":"a","uid":"1"}},"data":{deep},"spec":{{"x":{deep}}}}}']
    items += ['{"metadata":{"name":"b","uid":"2"}}']
    content = f'{{"kind":"List","items":[{",".join(items)}]}}'.encode()
    assert "b" in [item.metadata.name for item in decode_page(content, type_).items]


@pytest.mark.parametrize("pump", ["[", "{", '"', '\\"', '["', "]", "a"])
def test_it_is_linear(pump: str) -> None:
    run = partial(_run)
    assert growth.grows(run, partial(shapes.text_of, "", pump, "\x00")) <= growth.MOST


def _run(text: str) -> None:
    without_depths(text.encode())
