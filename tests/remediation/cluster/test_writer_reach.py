"""What the writer can address and do at all. A wider table would be a wider right: it is pinned."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.resources import BY_KIND
from remediation.cluster.rbac import enabled
from remediation.cluster.writer import KINDS, path_of

ROOT = Path(__file__).parents[3] / "remediation"
PATHS = {
    "Deployment": "/apis/apps/v1/namespaces/shop/deployments/one",
    "StatefulSet": "/apis/apps/v1/namespaces/shop/statefulsets/one",
    "DaemonSet": "/apis/apps/v1/namespaces/shop/daemonsets/one",
    "ReplicaSet": "/apis/apps/v1/namespaces/shop/replicasets/one",
    "ControllerRevision": "/apis/apps/v1/namespaces/shop/controllerrevisions/one",
    "Job": "/apis/batch/v1/namespaces/shop/jobs/one",
    "CronJob": "/apis/batch/v1/namespaces/shop/cronjobs/one",
    "Pod": "/api/v1/namespaces/shop/pods/one",
    "Event": "/api/v1/namespaces/shop/events/one",
    "ConfigMap": "/api/v1/namespaces/shop/configmaps/one",
    "PersistentVolumeClaim": "/api/v1/namespaces/shop/persistentvolumeclaims/one",
    "ServiceAccount": "/api/v1/namespaces/shop/serviceaccounts/one",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/one",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/one",
    "LimitRange": "/api/v1/namespaces/shop/limitranges/one",
    "ResourceQuota": "/api/v1/namespaces/shop/resourcequotas/one",
    "Node": "/api/v1/nodes/one",
}
WRITES = {
    ("", "nodes", "patch"),
    ("", "persistentvolumeclaims", "patch"),
    ("", "pods/eviction", "create"),
    ("apps", "daemonsets", "patch"),
    ("apps", "deployments", "patch"),
    ("apps", "statefulsets", "patch"),
    ("autoscaling", "horizontalpodautoscalers", "patch"),
    ("batch", "jobs", "create"),
}


def test_the_writer_addresses_these_kinds_at_these_paths() -> None:
    assert {kind: path_of(ObjectRef(kind, "shop", "one", "")) for kind in KINDS} == PATHS


@pytest.mark.parametrize("kind", sorted({*BY_KIND, "Secret", "Role", "RoleBinding"} - set(PATHS)))
def test_it_has_no_path_to_any_other_kind_although_the_scan_may_read_it(kind: str) -> None:
    with pytest.raises(KeyError):
        path_of(ObjectRef(kind, "shop", "one", ""))


def test_the_actions_ask_for_these_writes_alone() -> None:
    rights = {right for action in enabled() for right in action.rights}
    found = {(one.group, one.resource, one.verb) for one in rights if one.verb not in READS}
    assert found == WRITES


READS = ("get", "list")


def requested(path: Path) -> set[str]:
    """The verbs of HTTP that a file sends over a connection; `?` where it is no plain word."""
    return {
        str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else "?"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "request"
        and _last_name(node.func.value) == "connection"
    }


def _last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def test_one_module_acts_and_it_patches_and_posts_but_never_deletes_or_replaces() -> None:
    """The recorder's account is another one, which may patch its own ConfigMap alone."""
    found = {path.name: verbs for path in ROOT.rglob("*.py") if (verbs := requested(path))}
    assert found == {"writer.py": {"PATCH", "POST"}, "recorded_revisions.py": {"PATCH"}}


def test_nothing_but_its_command_records() -> None:
    users = {
        path.name
        for path in ROOT.rglob("*.py")
        if any(
            isinstance(node, ast.ImportFrom)
            and str(node.module).endswith("recorded_revisions")
            and "record" in {one.name for one in node.names}
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    assert users == {"record_revisions.py"}
