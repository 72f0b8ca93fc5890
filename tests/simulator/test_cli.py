"""`python -m simulator` as a process."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from kubernetes import client
from kubernetes.config import new_client_from_config


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """The simulator as a process, by its URL; it must end well on SIGTERM."""
    command = [sys.executable, "-m", "simulator", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        code = process.wait(timeout=20)
    assert code == 0


def test_it_prints_its_url_writes_a_private_kubeconfig_and_stops_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    with running("--kubeconfig", str(path), "--fault", "oom@-60") as url:
        assert url.startswith("http://127.0.0.1:")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    contexts = {c["name"] for c in yaml.safe_load(path.read_text())["contexts"]}
    assert contexts == {"simulator", "simulator-read", "simulator-act"}


def test_an_account_gets_a_kubeconfig_with_which_it_reads_and_writes_nothing(
    tmp_path: Path,
) -> None:
    path, ready = tmp_path / "read", tmp_path / "ready"
    with running("--account", f"read={path}", "--ready-file", str(ready)) as url:
        assert ready.read_text() == url + "\n"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        core = client.CoreV1Api(new_client_from_config(str(path)))
        pods = core.list_namespaced_pod("shop").items
        with pytest.raises(client.ApiException) as caught:
            core.delete_namespaced_pod(pods[0].metadata.name, "shop")
    told = json.loads(caught.value.body)
    assert (told["code"], told["reason"]) == (403, "Forbidden")
    assert 'User "read" cannot delete resource "pods"' in told["message"]


def test_an_account_that_is_none_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "--account", f"root={tmp_path / 'root'}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "--account" in ended.stderr
    assert not (tmp_path / "root").exists()
