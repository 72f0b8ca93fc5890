"""The deployment files: the same commands as `make run`, no root, no broad rights."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS
from kubewise_site.up.programs import beat_program, worker
from kubewise_site.up.secrets import ACTING, ALL, HOLDERS, READING, RECORDS

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
    "worker-consult": ("consult", "consult", 1),
    "worker-act": ("act", "act,verify,sweep,notify", 2),
    "worker-train": ("train", "train", 1),
}
IN_COMPOSE = ALL - READING - ACTING - RECORDS


@pytest.mark.parametrize("service", WORKERS)
def test_a_worker_runs_the_same_command_everywhere(service: str) -> None:
    assert COMPOSE[service]["command"][1:] == list(worker(*WORKERS[service]))[1:]


def test_beat_runs_the_same_command_everywhere() -> None:
    assert COMPOSE["beat"]["command"][1:6] == list(beat_program(BASE_DIR))[1:6]


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


def mounted(service: str) -> set[str]:
    return {volume.split(":")[-2] for volume in COMPOSE[service]["volumes"] if "/kube/" in volume}


def test_only_the_acting_worker_can_write_and_only_workers_that_look_can_read() -> None:
    """What `make run` gives to its processes, Compose gives to its services."""
    rights = {service: mounted(service) for service in [*WORKERS, "web", "beat", "migrate"]}
    assert rights == {
        "worker-detect": {"/kube/read"},
        "worker-analyze": {"/kube/read"},
        "worker-consult": set(),
        "worker-act": {"/kube/read", "/kube/act"},
        "worker-train": set(),
        "web": set(),
        "beat": set(),
        "migrate": set(),
    }


@pytest.mark.parametrize("name", sorted(IN_COMPOSE))
def test_compose_gives_each_secret_to_those_who_hold_it_in_make_run(name: str) -> None:
    """Kubeconfigs are mounted, see above; the database is everybody's."""
    services = [one for one in COMPOSE if one in (*WORKERS, "web", "beat", "migrate")]
    holders = {one for one in services if COMPOSE[one]["environment"][name]}
    assert holders == {one for one, held in HOLDERS.items() if name in held}


def test_every_secret_setting_is_somebodys() -> None:
    assert {setting.name for setting in SETTINGS if setting.secret} <= ALL


def test_of_the_workers_the_trainer_alone_writes_models_and_detection_uses_them() -> None:
    """In the web process a person puts a version in force, over the API or in the admin."""
    mounts = {
        name: [volume for volume in COMPOSE[name]["volumes"] if volume.startswith("models:")]
        for name in [*WORKERS, "web"]
    }
    assert {name: found for name, found in mounts.items() if found} == {
        "worker-detect": ["models:/app/models:ro"],
        "worker-train": ["models:/app/models"],
        "web": ["models:/app/models"],
    }


def test_a_prometheus_that_is_not_started_is_not_asked() -> None:
    assert COMPOSE["prometheus"]["profiles"]
    assert COMPOSE["worker-detect"]["environment"]["PROMETHEUS_URL"] == "${PROMETHEUS_URL-}"


def test_a_scaled_service_has_no_fixed_name_or_port() -> None:
    assert not {"container_name", "ports"} & set(COMPOSE["worker-detect"])


def test_redis_keeps_messages_and_never_evicts_them() -> None:
    command = " ".join(COMPOSE["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_image_copies_what_the_repository_has() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for source in line.split()[:-1]
        if not source.startswith("--")
    ]
    assert copied
    assert [source for source in copied if not (BASE_DIR / source).exists()] == []


def test_only_the_image_of_the_trainer_has_tensorflow() -> None:
    targets = {name: service.get("build", {}).get("target") for name, service in COMPOSE.items()}
    assert [name for name, target in targets.items() if target == "train"] == ["worker-train"]
    assert re.search(r"grep -vE '\^\(tensorflow", DOCKERFILE)


def test_the_image_runs_as_a_user_without_rights() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.M)
    assert users == ["10001:0"]
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
