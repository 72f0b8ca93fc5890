"""Hosts in the variables of a container; a password in a value never leaves."""

from __future__ import annotations

from typing import Any

import pytest

from detection.kubernetes.objects.core import Pod
from detection.snapshot.variables import hosts_of_variables, variables_naming
from tests.detection.builders import snapshot_from


def pod(env: Any) -> Pod:
    containers = [{"name": "app", "image": "a", "env": env}]
    meta = {"name": "a", "namespace": "shop", "uid": "u"}
    item = {"kind": "Pod", "metadata": meta, "spec": {"containers": containers}}
    return snapshot_from([item]).pods[0]


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("pixstore:5000", "pixstore"),
        ("http://pixstore:5000/v1", "pixstore"),
        ("jdbc:postgresql://db.data:5432/market", "db.data"),
        ("redis://user:s3cret@cache:6379/0", "cache"),
    ],
)
def test_the_host_of_a_value_is_found(value: str, host: str) -> None:
    assert variables_naming(pod([{"name": "URL", "value": value}]), host) == ["URL"]


def test_a_password_before_the_host_is_no_host() -> None:
    found = dict(hosts_of_variables(pod([{"name": "URL", "value": "redis://me:hidden@cache"}])))
    assert "hidden" not in str(found)


@pytest.mark.parametrize(
    "env", [None, [], [None, 3, {}], [{"name": "A"}], [{"name": 1, "value": 2}]]
)
def test_what_is_no_variable_is_left_out(env: Any) -> None:
    assert list(hosts_of_variables(pod(env))) == []


def test_a_value_from_a_secret_is_not_read() -> None:
    reference = {"secretKeyRef": {"name": "db", "key": "host"}}
    assert list(hosts_of_variables(pod([{"name": "HOST", "valueFrom": reference}]))) == []
