"""The acting account: only what was named, and of the very cluster that is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pytest_django import Settings

from detection import clients as detection_clients
from detection.kubernetes.client import NotConfigured
from remediation import clients


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    yield
    detection_clients.reader.cache_clear()
    clients._writer.cache_clear()


def kubeconfig(path: Path, server: str) -> str:
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    return str(path)


def test_a_kubeconfig_that_lies_around_is_neither_read_nor_written_through(
    settings: Settings, tmp_path: Path
) -> None:
    settings.KUBECONFIG = kubeconfig(tmp_path / "lying-around", "http://127.0.0.1:1")
    with pytest.raises(NotConfigured):
        detection_clients.reader()
    settings.KUBE_READ_KUBECONFIG = kubeconfig(tmp_path / "read", "http://127.0.0.1:1")
    assert clients.acting().writer is None
    assert "no Kubernetes account" in clients.acting().why


def test_the_acting_account_must_be_of_the_cluster_that_is_read(
    settings: Settings, tmp_path: Path
) -> None:
    settings.KUBE_READ_KUBECONFIG = kubeconfig(tmp_path / "read", "http://127.0.0.1:1")
    settings.KUBE_ACT_KUBECONFIG = kubeconfig(tmp_path / "act", "http://127.0.0.1:2")
    assert clients.acting().writer is None
    assert "the acting account is of http://127.0.0.1:2" in clients.acting().why
    settings.KUBE_ACT_KUBECONFIG = kubeconfig(tmp_path / "same", "http://127.0.0.1:1/as/act")
    assert clients.acting().writer is not None
