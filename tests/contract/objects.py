"""The objects that the contract is asked about. Both servers run `nginx:1.27`; no registry of
either has `nginx:missing`.
"""

from tests.controlplane.rest import Json

GOOD, MISSING, BATCH = "nginx:1.27", "nginx:missing", "busybox:1.36"
OTHER_UID = "00000000-0000-0000-0000-000000000000"


def configmap(name: str, labels: dict[str, str] | None = None, **data: str) -> Json:
    metadata: Json = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def container(name: str = "web", image: str = GOOD) -> Json:
    return {"name": name, "image": image}


def pod(name: str, *containers: Json, labels: dict[str, str] | None = None) -> Json:
    spec = {"containers": list(containers) or [container()], "terminationGracePeriodSeconds": 1}
    metadata = {"name": name, "labels": labels or {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def deployment(name: str = "web", replicas: int = 2, image: str = GOOD, **spec: object) -> Json:
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container(name, image)], "terminationGracePeriodSeconds": 1},
    }
    made = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "labels": labels}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": made | spec,
    }


def image_patch(image: str, name: str = "web") -> Json:
    """A strategic merge patch: containers are merged by name."""
    return {"spec": {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}}


def budget(name: str, app: str, **spec: object) -> Json:
    made = {"selector": {"matchLabels": {"app": app}}} | spec
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": made,
    }


def eviction(pod_name: str, namespace: str, **options: object) -> Json:
    body: Json = {"apiVersion": "policy/v1", "kind": "Eviction"}
    body["metadata"] = {"name": pod_name, "namespace": namespace}
    return body | ({"deleteOptions": options} if options else {})


def quota(**hard: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "limits"},
        "spec": {"hard": hard},
    }
