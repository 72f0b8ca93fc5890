"""A real API server takes every documented form, in a namespace that enforces *restricted*."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator

import pytest
import yaml

from kubewise_site.core.config.reading import BASE_DIR
from tests.controlplane.up import Cluster
from tests.install import plain
from tests.install.forms import FORMS
from tests.install.helm import objects

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
# Their definitions come with operators that no test installs.
OF_OPERATORS = {"HTTPRoute", "PodMonitor", "PrometheusRule"}
LEVEL = "pod-security.kubernetes.io/"


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"install-{uuid.uuid4().hex[:8]}"
    labels = {f"{LEVEL}enforce": "restricted", f"{LEVEL}warn": "restricted"}
    head = {"apiVersion": "v1", "kind": "Namespace"}
    cluster.api.create("/api/v1/namespaces", head | {"metadata": {"name": name, "labels": labels}})
    yield name
    cluster.api.delete(f"/api/v1/namespaces/{name}")


def kubectl(cluster: Cluster, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", "--kubeconfig", str(cluster.kubeconfig), *arguments],
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_applied_without_a_warning(cluster: Cluster, namespace: str, name: str) -> None:
    for one in FORMS[name].get("rights", {}).get("act", {}).get("namespaces", ()):
        kubectl(cluster, "create", "namespace", one)
    found = [
        one for one in objects(FORMS[name], "kw", namespace) if one["kind"] not in OF_OPERATORS
    ]
    text = yaml.safe_dump_all(found)
    done = kubectl(cluster, "apply", "-f", "-", "--validate=strict", stdin=text)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    kubectl(cluster, "delete", "-f", "-", "--wait=false", stdin=text)


@pytest.mark.parametrize(
    "file", [plain.FILE, BASE_DIR / "deploy/k8s/read.yaml"], ids=lambda f: f.name
)
def test_one_file_is_enough_in_an_empty_cluster(cluster: Cluster, file: object) -> None:
    done = kubectl(cluster, "apply", "-f", str(file))
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr


def test_every_pod_of_the_forms_is_made_and_none_is_refused(
    cluster: Cluster, namespace: str
) -> None:
    """A Deployment passes where its pods would not: so a pod of each is asked for, dry."""
    for name in FORMS:
        for one in objects(FORMS[name], "kw", namespace):
            spec = one.get("spec") or {}
            template = spec.get("template") if one["kind"] in TEMPLATED else None
            if template:
                claims = [
                    claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())
                ]
                _ask(cluster, namespace, template, claims)


TEMPLATED = ("Deployment", "StatefulSet", "Job")


def _ask(cluster: Cluster, namespace: str, template: dict, claims: list[str]) -> None:
    """With the account and the claims that its controllers would give it."""
    account = template["spec"]["serviceAccountName"]
    path = f"/api/v1/namespaces/{namespace}"
    head = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}
    cluster.api.create(f"{path}/serviceaccounts", head)
    meta = template["metadata"] | {"generateName": "ask-"}
    restart = {"restartPolicy": template["spec"].get("restartPolicy", "Always")}
    volumes = [*template["spec"]["volumes"], *({"name": name, "emptyDir": {}} for name in claims)]
    spec = template["spec"] | restart | {"volumes": volumes}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    cluster.api.create(f"{path}/pods", pod, dryRun="All").ok()
