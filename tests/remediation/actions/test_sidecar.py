"""Which containers adjust_resources may touch: those that run beside each other."""

from __future__ import annotations

from typing import Any

import pytest

from remediation.actions import CATALOGUE
from remediation.actions.resources import named_container

LIMITS = {"resources": {"limits": {"memory": "64Mi"}}}
SPEC: dict[str, Any] = {
    "containers": [{"name": "app"}],
    "initContainers": [
        {"name": "setup", **LIMITS},
        {"name": "agent", "restartPolicy": "Always", **LIMITS},
    ],
}
OWNER = {"spec": {"template": {"spec": SPEC}}}


@pytest.mark.parametrize(
    ("name", "place"),
    [("app", ("containers", "0")), ("agent", ("initContainers", "1")), ("setup", None)],
)
def test_a_native_sidecar_counts_and_an_init_container_that_ends_does_not(
    name: str, place: tuple[str, str] | None
) -> None:
    found = named_container(OWNER, {"container": name})
    assert (found[0] if found else None) == place


def test_the_bounds_of_a_sidecar_are_those_of_any_container() -> None:
    bounds = CATALOGUE["adjust_resources"].bounds
    wanted = {"container": "agent", "memory_limit": "96Mi"}
    assert bounds(OWNER, wanted) == ""
    assert "twice" in bounds(OWNER, wanted | {"memory_limit": "256Mi"})
    assert "no container" in bounds(OWNER, wanted | {"container": "setup"})
