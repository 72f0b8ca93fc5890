"""`manage.py diagnose` on a real API server, with an account that can only read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubewise_site.core.config.reading import BASE_DIR
from tests.contract.target import Space, eventually
from tests.controlplane.up import Cluster
from tests.live.accounts import Accounts
from tests.live.scenes import broken_release, image_now
from tests.system.product import clean_environment

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def diagnose(directory: Path, kubeconfig: Path, *arguments: str) -> tuple[int, Any, str]:
    """Exit code, told JSON and stderr of a process with nothing but a kubeconfig."""
    environment = clean_environment() | {
        "KUBECONFIG": str(kubeconfig),
        "PROMETHEUS_URL": "",
        "DWELL_FACTOR": "0.001",
        "KUBEWISE_DATA_DIR": str(directory),
        "KUBEWISE_ENV_FILE": os.devnull,
    }
    command = [sys.executable, "manage.py", "diagnose", "--output", "json", *arguments]
    ended = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, json.loads(ended.stdout), ended.stderr


def test_a_bad_image_is_told_as_the_contract_says_and_nothing_is_written(
    shop: Space, accounts: Accounts, tmp_path: Path
) -> None:
    """The account can do nothing but read (test_accounts.py), and all of it is answered."""
    broken_release(shop)
    before = shop.get("deployments", "web").ok()

    def look() -> tuple[Any, str] | None:
        code, told, stderr = diagnose(tmp_path, accounts.read, "--namespace", shop.name)
        causes = [one["cause"] for one in told["incidents"]]
        return (told, stderr) if (code, causes) == (1, ["IMAGE_NOT_FOUND"]) else None

    told, stderr = eventually(look, "the bad image")
    assert set(told) == {"blind", "incidents"}
    assert told["blind"] == []
    (incident,) = told["incidents"]
    meta = before["metadata"]
    owner = {"kind": "Deployment", "namespace": shop.name, "name": "web", "uid": meta["uid"]}
    assert incident["owner"] == owner
    assert {"summary", "evidence", "related"} <= set(incident)
    assert {"root_cause", "confidence", "source"} <= set(incident["diagnosis"])
    first = incident["candidates"][0]
    assert first["command"] == f"rollback_deployment name=web namespace={shop.name} revision=1"
    assert first["kubectl"] == f"kubectl rollout undo deployment/web -n {shop.name} --to-revision=1"
    assert {"dry run", "approval"} <= set(incident["decision"]["not_evaluated"])
    assert incident["decision"]["verdict"] == "act"
    assert stderr.startswith("Reading https://")
    assert image_now(shop) == before["spec"]["template"]["spec"]["containers"][0]["image"]
    assert not list(tmp_path.glob("*.sqlite3"))


def test_the_whole_cluster_is_seen(shop: Space, accounts: Accounts, tmp_path: Path) -> None:
    code, told, stderr = diagnose(tmp_path, accounts.read)
    assert told["blind"] == [], stderr
    assert code in (0, 1)


def test_an_account_without_rights_is_blind_by_name_and_says_what_it_may_not(
    cluster: Cluster, space: Space, tmp_path: Path
) -> None:
    nobody = cluster.service_account_kubeconfig(space.name, "default")
    code, told, stderr = diagnose(tmp_path, nobody)
    assert (code, told["incidents"]) == (2, [])
    assert {"kubernetes/pods", "kubernetes/deployments", "kubernetes/nodes"} <= set(told["blind"])
    assert (
        f'User "system:serviceaccount:{space.name}:default" cannot list resource "pods"' in stderr
    )
