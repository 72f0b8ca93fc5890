"""What counts as the same template, and what is shown of a difference."""

from __future__ import annotations

import json
from typing import Any

import pytest

from detection.domain.quantities import bytes_of
from detection.snapshot.pod_templates import (
    normalized,
    of_revision,
    template_changes,
    template_hash,
)


def template(**more: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "a:1", "env": [{"name": "KEY", "value": "secret-one"}]}
    return {
        "metadata": {"labels": {"app": "a"}},
        "spec": {"containers": [container | more]},
    }


def norm(value: Any) -> Any:
    return normalized(json.dumps(value).encode())


def test_a_plain_restart_and_a_controllers_label_make_no_new_template() -> None:
    restarted = template()
    restarted["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}
    restarted["metadata"]["labels"]["pod-template-hash"] = "5d8"
    restarted["metadata"]["creationTimestamp"] = None
    assert template_hash(norm(restarted)) == template_hash(norm(template()))


def test_a_controller_revision_holds_the_same_template() -> None:
    data = {"spec": {"template": template() | {"$patch": "replace"}}}
    assert template_hash(of_revision(json.dumps(data).encode())) == template_hash(norm(template()))


def test_empty_maps_count_as_missing_but_an_empty_dir_does_not() -> None:
    assert norm(template(resources={})) == norm(template())
    one, other = template(), template()
    one["spec"]["volumes"] = [{"name": "v", "emptyDir": {}}]
    other["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "v"}}]
    assert template_hash(norm(one)) != template_hash(norm(other))


def test_changes_are_lines_that_a_person_can_read() -> None:
    lines = template_changes(norm(template()), norm(template(image="a:2", args=["--x"])))
    assert lines == ('containers[app].args: none → ["--x"]', "containers[app].image: a:1 → a:2")


def test_the_value_of_a_variable_is_never_shown() -> None:
    changed = template(env=[{"name": "KEY", "value": "secret-two"}, {"name": "N", "value": "s3"}])
    text = "\n".join(template_changes(norm(template()), norm(changed)))
    assert "containers[app].env[KEY].value: set → set" in text
    assert "env[N]" in text
    assert "secret" not in text
    assert "s3" not in text


def test_a_wholly_new_container_does_not_show_its_variables_either() -> None:
    more = template()
    more["spec"]["containers"].append({"name": "b", "env": [{"name": "T", "value": "hunter2"}]})
    text = "\n".join(template_changes(norm(template()), norm(more)))
    assert "containers[b].env[T]" in text
    assert "hunter2" not in text


def test_an_order_that_changed_is_no_change() -> None:
    one, other = template(), template()
    one["spec"]["containers"].append({"name": "b"})
    other["spec"]["containers"].insert(0, {"name": "b"})
    assert template_changes(norm(one), norm(other)) == ()


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{", b'"text"', b'{"spec":null}'])
def test_a_template_that_can_not_be_read_is_empty(raw: bytes) -> None:
    assert template_changes(normalized(raw), of_revision(raw)) == ()


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("128Mi", 134217728), ("1Gi", 1073741824), ("1e3", 1000), ("1500m", 1), ("2k", 2000),
     (5, 5), ("", 0), (None, 0), ("lots", 0), ("1..2", 0), ("1Zi", 0)],
)  # fmt: skip
def test_quantities(quantity: Any, expected: int) -> None:
    assert bytes_of(quantity) == expected
