"""`diagnose`: its contract, its exit codes, and that it only reads. No test here has a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from detection import clients
from kubewise_site.core.config.reading import BASE_DIR
from kubewise_site.management.commands.diagnose import which_way
from remediation.diagnose.report import escaped
from simulator import Simulator, world

Run = Callable[..., tuple[int, Any, str]]
ALLOWED = {"ignore", "suggest", "ask", "act"}
PODS = {"resource": "pods", "verbs": ("list",)}


@pytest.fixture
def simulator() -> Iterator[Any]:
    made = Simulator()
    world.build(made)
    with made:
        yield made


@pytest.fixture
def run(
    simulator: Any,
    tmp_path: Path,
    settings: Any,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run it against the simulator as its read-only user; returns code, output and stderr."""
    settings.KUBECONFIG = str(simulator.kubeconfig(tmp_path / "config", "read"))
    settings.KUBE_CONTEXT, settings.PROMETHEUS_URL = "", ""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    clients.prometheus.cache_clear()

    def go(*arguments: str) -> tuple[int, Any, str]:
        simulator.reset_counters()
        with pytest.raises(SystemExit) as end:
            call_command("diagnose", *arguments)
        out, err = capfd.readouterr()
        told = json.loads(out) if "json" in arguments else out
        return int(str(end.value.code)), told, err

    return go


def test_a_failure_is_reported_as_the_contract_says(run: Run, simulator: Any) -> None:
    simulator.inject("image_not_found", began_seconds_ago=600)
    code, told, _ = run("--output", "json")
    assert code == 1
    assert set(told) == {"blind", "incidents"}
    assert told["blind"] == []
    [incident] = told["incidents"]
    assert set(incident["owner"]) == {"kind", "namespace", "name", "uid"}
    assert (incident["cause"], incident["severity"]) == ("IMAGE_NOT_FOUND", "warning")
    assert {"summary", "evidence", "related"} <= set(incident)
    assert all(set(ref) == {"kind", "namespace", "name"} for ref in incident["related"])
    assert {"root_cause", "confidence", "source"} <= set(incident["diagnosis"])
    first = incident["candidates"][0]
    assert {"action", "parameters", "command", "kubectl", "risk"} <= set(first)
    assert first["command"] == "rollback_deployment name=checkout namespace=shop revision=2"
    decision = incident["decision"]
    assert {"verdict", "action", "reasons", "not_evaluated"} <= set(decision)
    assert (decision["verdict"], decision["action"]) == ("act", "rollback_deployment")
    assert {"dry run", "approval", "budgets"} <= set(decision["not_evaluated"])


def test_it_sends_nothing_but_get_requests(run: Run, simulator: Any) -> None:
    simulator.inject("crash_loop", began_seconds_ago=900)
    run()
    assert simulator.writes == []


def test_a_healthy_cluster_ends_with_0(run: Run) -> None:
    assert run("--output", "json")[:2] == (0, {"blind": [], "incidents": []})
    assert run()[1].strip() == "No failures found."


def test_blind_and_nothing_found_ends_with_2_and_names_the_source(run: Run, simulator: Any) -> None:
    simulator.api.switches.add(mode="refuse", code=403, **PODS)
    code, told, err = run("--output", "json")
    assert (code, told["blind"]) == (2, ["kubernetes/pods"])
    assert "kubernetes/pods" in err


def test_blind_keeps_the_verdict_at_ask_at_most(run: Run, simulator: Any) -> None:
    simulator.inject("image_not_found", began_seconds_ago=600)
    simulator.api.switches.add(mode="refuse", code=403, resource="events", verbs=("list",))
    code, told, _ = run("--output", "json")
    assert (code, told["blind"]) == (1, ["kubernetes/events"])
    assert [item["decision"]["verdict"] for item in told["incidents"]] == ["ask"]


def test_an_unreachable_prometheus_is_blind(run: Run, settings: Any) -> None:
    settings.PROMETHEUS_URL = "http://127.0.0.1:9"
    clients.prometheus.cache_clear()
    code, told, _ = run("--output", "json")
    assert (code, told["blind"]) == (2, ["prometheus"])
    clients.prometheus.cache_clear()


def test_with_prometheus_a_count_of_zero_is_known_to_be_a_mistake(
    run: Run, simulator: Any, settings: Any
) -> None:
    simulator.inject("scaled_to_zero", began_seconds_ago=900)
    settings.PROMETHEUS_URL = simulator.prometheus_url
    clients.prometheus.cache_clear()
    told = run("--output", "json")[1]
    clients.prometheus.cache_clear()
    [incident] = [item for item in told["incidents"] if item["cause"] == "SCALED_TO_ZERO"]
    assert incident["decision"]["verdict"] == "ask"
    assert incident["candidates"][0]["action"] == "restore_replicas"


def test_only_the_namespace_that_was_asked_for(run: Run, simulator: Any) -> None:
    simulator.inject("image_not_found", began_seconds_ago=600)
    assert run("--namespace", "payments", "--output", "json")[0] == 0
    assert run("--namespace", "shop", "--output", "json")[0] == 1


@pytest.mark.parametrize("namespace", ["../nodes", "A", "a b", "shop/pods"])
def test_a_namespace_that_the_api_refuses_is_never_sent(run: Run, namespace: str) -> None:
    code, told, err = run("--namespace", namespace, "--output", "json")
    assert (code, told["incidents"]) == (2, [])
    assert "cannot read the cluster" in err


def test_a_cluster_that_is_away_ends_with_2(run: Run, simulator: Any) -> None:
    simulator.stop()
    code, told, _ = run("--output", "json")
    assert code == 2
    assert told["blind"]


def test_an_unknown_context_ends_with_2_and_a_sentence(run: Run) -> None:
    code, _, err = run("--context", "nowhere")
    assert code == 2
    assert "cannot read the cluster" in err
    assert "Traceback" not in err


def test_stderr_says_which_cluster_as_whom_and_from_where(run: Run, simulator: Any) -> None:
    assert f"Reading {simulator.url}" in run()[2]
    assert "(from --context)" in run("--context", "simulator-read")[2]


def test_the_order_of_the_ways_to_a_cluster(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    settings.KUBECONFIG = settings.KUBE_CONTEXT = ""
    assert which_way("").said_by == "the in-cluster account"
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("{}")
    assert which_way("").said_by == "the in-cluster account", "it names no current context"
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    named = {
        "contexts": [context],
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": "https://c.example.com"}}],
        "users": [{"name": "u", "user": {}}],
    }
    (tmp_path / ".kube" / "config").write_text(json.dumps(named))
    assert which_way("").said_by == "the current context of ~/.kube/config"
    settings.KUBECONFIG = "/somewhere/config"
    assert which_way("").said_by == "the current context of KUBECONFIG"
    settings.KUBE_CONTEXT = "prod"
    assert which_way("").said_by == "KUBE_CONTEXT"
    assert which_way("stage").said_by == "--context"


@pytest.mark.parametrize("evil", ["\x1b[2J", "\r", "\x07", "\u202e", "\x9b31m", "\u200b"])
def test_text_of_a_cluster_can_not_control_the_terminal(evil: str) -> None:
    assert evil not in escaped(f"a{evil}b")


def test_it_works_with_no_database_file_at_all(simulator: Any, tmp_path: Path) -> None:
    environment = os.environ | {
        "KUBECONFIG": str(simulator.kubeconfig(tmp_path / "config", "read")),
        "PROMETHEUS_URL": "",
        "KUBEWISE_DATA_DIR": str(tmp_path / "data"),
        "KUBEWISE_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
    }
    command = [sys.executable, "manage.py", "diagnose", "--output", "json"]
    ended = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["incidents"] == []
    assert not list((tmp_path / "data").glob("*.sqlite3"))


def test_a_namespace_that_is_not_there_is_an_error_that_names_the_near_ones(run: Run) -> None:
    code, told, err = run("-n", "shopp", "--output", "json")
    assert code == 2
    assert told["incidents"] == []
    assert "there is no namespace shopp; there is shop" in err


def _pod_whose_image_is_missing(made: str) -> dict[str, Any]:
    image = "r.example/a:typo"
    waits = {"waiting": {"reason": "ErrImagePull", "message": f"{image}: not found"}}
    statuses = [{"name": "app", "image": image, "state": waits}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "new", "namespace": "shop", "uid": "u", "creationTimestamp": made},
        "spec": {"nodeName": "n", "containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Pending", "startTime": made, "containerStatuses": statuses},
    }


def test_what_is_too_young_to_be_an_incident_is_told_and_marked(
    run: Run, simulator: Any, tmp_path: Path
) -> None:
    """A single look has no tomorrow: a wrong image of twenty seconds ago is no "nothing found"."""
    pod = _pod_whose_image_is_missing("2026-12-01T09:59:40Z")
    listed = {"apiVersion": "v1", "kind": "List", "items": [pod]}
    (tmp_path / "objects.json").write_text(json.dumps(listed))
    arguments = ("--dump", str(tmp_path), "--complete", "--now", "2026-12-01T10:00:00Z")
    code, told, _ = run(*arguments, "--output", "json")
    (young,) = told["incidents"]
    assert (code, young["young"]) == (0, True)
    assert young["opens_at"] > "2026-12-01T10:00:00"
    assert young["decision"]["verdict"] in ("suggest", "ignore")
    assert "Young: an incident from" in run(*arguments)[1]
