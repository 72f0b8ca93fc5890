"""`make run`: which cluster, with which rights, restarted and stopped how."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
import yaml

from detection.kubernetes.client import NotConfigured
from kubewise_site.up.programs import FIRST_FAULTS, programs
from kubewise_site.up.supervisor import configuration
from kubewise_site.up.watched import Watched, watched_cluster
from simulator.faults import catalogue

HARMLESS = {"DRY_RUN": "True", "DEFAULT_REMEDIATION_MODE": "MANUAL"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*HARMLESS, "PROMETHEUS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://prod.example.com"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "prod",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def simulated(data_dir: Path) -> Watched:
    return watched_cluster(data_dir, context="", kubeconfig="", port=8001)


def test_a_kubeconfig_without_a_named_context_is_not_used(tmp_path: Path, kubeconfig: str) -> None:
    watched = watched_cluster(tmp_path, context="", kubeconfig=kubeconfig, port=8001)
    assert watched.simulator_port == 8001
    assert watched.environment["KUBECONFIG"] == ""


def test_a_real_cluster_starts_with_dry_run_and_manual(tmp_path: Path, kubeconfig: str) -> None:
    watched = watched_cluster(tmp_path, "prod", kubeconfig, 8001)
    assert watched.environment == HARMLESS
    assert watched.title == "context prod at https://prod.example.com"
    assert watched.simulator_port == 0


def test_dry_run_ends_only_when_somebody_says_so(
    tmp_path: Path, kubeconfig: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRY_RUN", "False")
    watched = watched_cluster(tmp_path, "prod", kubeconfig, 8001)
    assert watched.environment["DRY_RUN"] == "False"


def test_a_context_that_is_not_there_stops_the_start(tmp_path: Path, kubeconfig: str) -> None:
    with pytest.raises(NotConfigured, match="staging"):
        watched_cluster(tmp_path, "staging", kubeconfig, 8001)


def test_only_the_acting_worker_has_the_acting_account(tmp_path: Path) -> None:
    table = programs(simulated(tmp_path), tmp_path, None, 8000, ())
    acting = [p.name for p in table if "KUBE_ACT_KUBECONFIG" in p.environment]
    assert acting == ["worker-act"]


def test_a_broker_of_our_own_only_where_none_is_named(tmp_path: Path) -> None:
    names = [p.name for p in programs(simulated(tmp_path), tmp_path, None, 8000, ())]
    assert "broker" not in names
    ours = programs(simulated(tmp_path), tmp_path, tmp_path / "broker.sock", 8000, ())
    assert ours[0].name == "broker"


def test_everything_but_the_guide_is_restarted(tmp_path: Path) -> None:
    table = programs(simulated(tmp_path), tmp_path, tmp_path / "s", 8000, FIRST_FAULTS)
    config = configparser.RawConfigParser()
    config.read_string(configuration(table, {"A": 'with "quotes" and %'}, tmp_path, tmp_path))
    restarted = {
        s for s in config.sections() if config.get(s, "autorestart", fallback="") == "true"
    }
    programs_of_config = {s for s in config.sections() if s.startswith("program:")}
    assert programs_of_config - restarted == {"program:guide"}
    assert 'A="with \\"quotes\\" and %%"' in config["program:web"]["environment"]


def test_the_faults_of_the_first_start_exist() -> None:
    names = {fault.partition(":")[0] for fault in FIRST_FAULTS}
    assert names <= {entry["name"] for entry in catalogue()}


def test_the_simulated_cluster_is_verified_soon_unless_somebody_says_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VERIFICATION_DELAY_SECONDS", raising=False)
    assert simulated(tmp_path).environment["VERIFICATION_DELAY_SECONDS"] == "15"
    monkeypatch.setenv("VERIFICATION_DELAY_SECONDS", "300")
    assert simulated(tmp_path).environment["VERIFICATION_DELAY_SECONDS"] == "300"
