"""What the admission policy compares: the lines are pinned, because CEL builds the same ones."""

from __future__ import annotations

from typing import Any

from remediation.cluster.recorded_revisions import changes, lines_of, recorded, template_of

CONTAINER = {
    "name": "web",
    "image": "nginx:1",
    "command": ["sh"],
    "args": ["-c", "a\tb\nc\\d"],
    "env": [
        {"name": "A", "value": "1"},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
        {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "E"},
    ],
    "resources": {"limits": {"memory": "96Mi"}},
}
TAIL = "limits.cpu=\tlimits.memory=96Mi\trequests.cpu=\trequests.memory="
LINE = (
    "container\tweb\tnginx:1\tc=sh\ta=-c\ta=a\\tb\\nc\\\\d\te=A=1\ts=B=s/k\tm=C=m/k"
    f"\tf=D=status.podIP\te=E=\t{TAIL}"
)


def template(**container: Any) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": "web"}, "annotations": {"note": "x\ny"}},
        "spec": {"containers": [CONTAINER | container]},
    }


def test_the_lines_are_those_that_the_policy_builds() -> None:
    assert list(lines_of(template())) == [
        "account\tdefault", LINE, "labels\tapp=web", "annotations\tnote=x\\ny",
    ]  # fmt: skip


def test_a_container_that_cannot_be_compared_is_not_written_down() -> None:
    odd = [{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]
    assert not [line for line in lines_of(template(env=odd)) if line.startswith("container")]


def test_a_line_stands_once_however_many_revisions_have_it() -> None:
    assert recorded([template(), template()]) == recorded([template()])


def test_the_change_names_what_is_new_and_takes_away_what_is_gone() -> None:
    assert changes({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == {
        "b": "2", "c": None, "d": "1",
    }  # fmt: skip


def test_a_controller_revision_gives_its_whole_template() -> None:
    data = {"spec": {"template": {"$patch": "replace", "spec": {}}}}
    assert template_of({"data": data}) == {"spec": {}}
    assert template_of({"data": "null"}) is None
