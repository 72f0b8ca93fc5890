"""The deployment files: the same commands as `make run`, no root, no broad rights."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from kubewise_site.env import BASE_DIR
from kubewise_site.up.programs import beat, worker

COMPOSE = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())["services"]
DOCKERFILE = (BASE_DIR / "deploy" / "Dockerfile").read_text()
ROLES = [
    document
    for name in ("read", "act")
    for document in yaml.safe_load_all((BASE_DIR / f"deploy/k8s/{name}.yaml").read_text())
    if document["kind"] in ("Role", "ClusterRole")
]
WORKERS = {
    "worker-detect": ("detect", "scrape,detect", 2),
    "worker-analyze": ("analyze", "analyze", 1),
    "worker-act": ("act", "act,verify,sweep,notify", 2),
    "worker-train": ("train", "train", 1),
}


@pytest.mark.parametrize("service", WORKERS)
def test_a_worker_runs_the_same_command_everywhere(service: str) -> None:
    assert COMPOSE[service]["command"][1:] == list(worker(*WORKERS[service]))[1:]


def test_beat_runs_the_same_command_everywhere() -> None:
    assert COMPOSE["beat"]["command"][1:6] == list(beat(BASE_DIR))[1:6]


@pytest.mark.parametrize("service", [*WORKERS, "web", "beat", "redis"])
def test_every_service_has_a_health_check(service: str) -> None:
    assert COMPOSE[service]["healthcheck"]["test"]


@pytest.mark.parametrize("service", [*WORKERS, "web", "beat"])
def test_every_process_waits_for_redis_and_the_migration(service: str) -> None:
    conditions = {n: d["condition"] for n, d in COMPOSE[service]["depends_on"].items()}
    assert conditions == {
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_a_scaled_service_has_no_fixed_name_or_port() -> None:
    assert not {"container_name", "ports"} & set(COMPOSE["worker-detect"])


def test_redis_keeps_messages_and_never_evicts_them() -> None:
    command = " ".join(COMPOSE["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_only_the_image_of_the_trainer_has_tensorflow() -> None:
    targets = {name: service.get("build", {}).get("target") for name, service in COMPOSE.items()}
    assert [name for name, target in targets.items() if target == "train"] == ["worker-train"]
    assert re.search(r"grep -vE '\^\(tensorflow", DOCKERFILE)


def test_the_image_runs_as_a_user_without_rights() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.M)
    assert users
    assert "root" not in users
    assert "0" not in users
    assert "HEALTHCHECK" in DOCKERFILE


@pytest.mark.parametrize("role", ROLES, ids=lambda role: str(role["metadata"]["name"]))
def test_no_role_is_broad(role: dict[str, Any]) -> None:
    for rule in role["rules"]:
        parts = [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert "*" not in parts
        assert "secrets" not in rule["resources"]


def test_the_read_role_only_reads() -> None:
    [role] = [role for role in ROLES if role["metadata"]["name"] == "kubewise-read"]
    verbs = {verb for rule in role["rules"] for verb in rule["verbs"]}
    assert verbs <= {"get", "list", "watch"}
