"""Write and read kubeconfigs: certificates are embedded, so that one file is all a client needs."""

import base64
import json
from pathlib import Path
from typing import Any

import yaml

from tests.controlplane.certs import Pair


def with_certificate(path: Path, server: str, authority: Path, user: str, pair: Pair) -> Path:
    credentials = {
        "client-certificate-data": _data(pair.certificate),
        "client-key-data": _data(pair.key),
    }
    return write(
        path, {"server": server, "certificate-authority-data": _data(authority)}, user, credentials
    )


def with_token(
    path: Path, cluster: dict[str, Any], user: str, token: str, namespace: str | None = None
) -> Path:
    return write(path, cluster, user, {"token": token}, namespace)


def write(
    path: Path,
    cluster: dict[str, Any],
    user: str,
    credentials: dict[str, Any],
    namespace: str | None = None,
) -> Path:
    """Write a kubeconfig of one context; JSON is YAML. The file is readable by its owner alone."""
    context = {"cluster": "test", "user": user} | ({"namespace": namespace} if namespace else {})
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "test", "context": context}],
        "current-context": "test",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))
    return path


def cluster_of(path: Path) -> dict[str, Any]:
    """The cluster entry of the current context, with its certificate embedded."""
    document = yaml.safe_load(path.read_text())
    context = _named(document["contexts"], document["current-context"])["context"]
    cluster: dict[str, Any] = dict(_named(document["clusters"], context["cluster"])["cluster"])
    if "certificate-authority" in cluster:
        cluster["certificate-authority-data"] = _data(
            path.parent / cluster.pop("certificate-authority")
        )
    return cluster


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
