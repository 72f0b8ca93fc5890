"""Workloads for real nodes: manifests whose containers run the test image."""

from __future__ import annotations

from typing import Any

from tests.controlplane.rest import Json
from tests.node.harness.images import APP

GROUPS = {"Deployment": "deployments", "DaemonSet": "daemonsets"}


def container(*words: str, **more: Any) -> Json:
    """Serves HTTP on 8080, or does what `words` say."""
    made: Json = {"name": "app", "image": APP, "imagePullPolicy": "IfNotPresent"}
    return made | ({"args": list(words)} if words else {}) | more


def pod_spec(*containers: Json, **more: Any) -> Json:
    return {"containers": list(containers), "terminationGracePeriodSeconds": 2} | more


def workload(kind: str, name: str, spec: Json, replicas: int = 2) -> Json:
    """A Deployment with `replicas`, or a DaemonSet."""
    labels = {"app": name}
    made: Json = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": spec},
    }
    counted = {"replicas": replicas} if kind == "Deployment" else {}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "spec": made | counted,
    }


def release(**container_fields: Any) -> Json:
    """A strategic merge patch of the container: what a person rolls out."""
    changed = {"name": "app"} | container_fields
    return {"spec": {"template": {"spec": {"containers": [changed]}}}}


def memory(limit: str, request: str = "16Mi") -> Json:
    return {"resources": {"limits": {"memory": limit}, "requests": {"memory": request}}}


def env(**values: str) -> Json:
    return {"env": [{"name": name, "value": value} for name, value in values.items()]}


READY = {"readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 2}}
ABSENT = {"envFrom": [{"configMapRef": {"name": "absent"}}]}
EVERY_NODE = pod_spec(container(), tolerations=[{"operator": "Exists"}])
