"""The defaults that the API server fills in, so that templates compare equal."""

from collections.abc import Callable

from simulator.apimachinery.objects import Obj

HTTP_PROBE = {"path": "/", "scheme": "HTTP"}


def _fill(target: Obj, **values: object) -> None:
    for key, value in values.items():
        target.setdefault(key, value)


def pull_policy(image: str) -> str:
    tag = image.rsplit("/", 1)[-1]
    return (
        "Always"
        if (":" not in tag and "@" not in tag) or tag.endswith(":latest")
        else "IfNotPresent"
    )


def _probe(probe: Obj) -> None:
    _fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if "httpGet" in probe:
        _fill(probe["httpGet"], **HTTP_PROBE)


def _container(container: Obj) -> None:
    container.setdefault("resources", {})
    _fill(container, terminationMessagePath="/dev/termination-log")
    _fill(container, terminationMessagePolicy="File")
    if isinstance(container.get("image"), str):
        _fill(container, imagePullPolicy=pull_policy(container["image"]))
    for port in container.get("ports") or ():
        _fill(port, protocol="TCP")
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(kind):
            _probe(container[kind])
    _requests_from_limits(container["resources"])


def _requests_from_limits(resources: Obj) -> None:
    limits = resources.get("limits") or {}
    if limits:
        requests = resources.setdefault("requests", {})
        for name, value in limits.items():
            requests.setdefault(name, value)


def pod_spec(spec: Obj, restart: str = "Always") -> None:
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        if isinstance(container, dict):
            _container(container)
    _fill(spec, restartPolicy=restart, terminationGracePeriodSeconds=30, dnsPolicy="ClusterFirst")
    _fill(spec, schedulerName="default-scheduler", securityContext={})
    if "serviceAccountName" in spec:
        _fill(spec, serviceAccount=spec["serviceAccountName"])


def _template(obj: Obj, restart: str = "Always") -> None:
    template = obj["spec"].setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    template["metadata"].pop("creationTimestamp", None)
    pod_spec(template.setdefault("spec", {}), restart)


def _deployment(obj: Obj) -> None:
    spec = obj["spec"]
    _fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        _fill(rolling, maxSurge="25%", maxUnavailable="25%")
    _template(obj)


def _replicaset(obj: Obj) -> None:
    _fill(obj["spec"], replicas=1)
    _template(obj)


def _statefulset(obj: Obj) -> None:
    spec = obj["spec"]
    _fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), partition=0)
    for claim in spec.get("volumeClaimTemplates") or ():
        _fill(claim, apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})
        _fill(claim.setdefault("spec", {}), volumeMode="Filesystem")
    _template(obj)


def _daemonset(obj: Obj) -> None:
    spec = obj["spec"]
    _fill(spec, revisionHistoryLimit=10)
    strategy = spec.setdefault("updateStrategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), maxSurge=0, maxUnavailable=1)
    _template(obj)


def job_spec(obj: Obj) -> None:
    spec = obj["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        _fill(spec, completions=1)
    _fill(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _template(obj, spec.get("template", {}).get("spec", {}).get("restartPolicy", "Always"))


def _job(obj: Obj) -> None:
    job_spec(obj)
    uid = obj["metadata"].get("uid")
    if uid and "selector" not in obj["spec"]:
        labels = {"batch.kubernetes.io/controller-uid": uid}
        obj["spec"]["selector"] = {"matchLabels": dict(labels)}
        name = obj["metadata"]["name"]
        more = {"controller-uid": uid, "job-name": name, "batch.kubernetes.io/job-name": name}
        obj["spec"]["template"]["metadata"].setdefault("labels", {}).update(labels | more)


def _cronjob(obj: Obj) -> None:
    spec = obj["spec"]
    _fill(spec, concurrencyPolicy="Allow", suspend=False)
    _fill(spec, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("spec", {}).setdefault("template", {}).setdefault("spec", {})
    pod_spec(template["spec"]["template"]["spec"])


def _pod(obj: Obj) -> None:
    spec = obj["spec"]
    pod_spec(spec)
    _fill(spec, enableServiceLinks=True, preemptionPolicy="PreemptLowerPriority", priority=0)
    _fill(spec, serviceAccountName="default", serviceAccount="default")
    spec.setdefault("tolerations", [])
    for taint in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{taint}"
        if not any(t.get("key") in (key, None) for t in spec["tolerations"]):
            toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            spec["tolerations"].append(toleration | {"tolerationSeconds": 300})
    obj.setdefault("status", {}).setdefault("phase", "Pending")
    obj["status"].setdefault("qosClass", qos_class(spec))


def qos_class(spec: Obj) -> str:
    resources = [c.get("resources") or {} for c in spec.get("containers") or ()]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    return "Guaranteed" if all(map(_is_guaranteed, resources)) else "Burstable"


def _is_guaranteed(resources: Obj) -> bool:
    """CPU and memory are limited, and all that is allowed is asked for."""
    limits: Obj = resources.get("limits") or {}
    return {"cpu", "memory"} <= limits.keys() and resources.get("requests") == limits


def _service(obj: Obj) -> None:
    spec = obj["spec"]
    _fill(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    _fill(spec, ipFamilyPolicy="SingleStack", ipFamilies=["IPv4"])
    for port in spec.get("ports") or ():
        _fill(port, protocol="TCP")
        _fill(port, targetPort=port.get("port"))


def _namespace(obj: Obj) -> None:
    _fill(obj.setdefault("spec", {}), finalizers=["kubernetes"])
    obj.setdefault("status", {}).setdefault("phase", "Active")
    labels = obj["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", obj["metadata"]["name"])


def _claim(obj: Obj) -> None:
    _fill(obj["spec"], volumeMode="Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if "kubernetes.io/pvc-protection" not in finalizers and not obj["metadata"].get(
        "deletionTimestamp"
    ):
        finalizers.append("kubernetes.io/pvc-protection")


DEFAULTS: dict[str, Callable[[Obj], None]] = {
    "deployments.apps": _deployment,
    "replicasets.apps": _replicaset,
    "statefulsets.apps": _statefulset,
    "daemonsets.apps": _daemonset,
    "jobs.batch": _job,
    "cronjobs.batch": _cronjob,
    "pods": _pod,
    "services": _service,
    "namespaces": _namespace,
    "persistentvolumeclaims": _claim,
}


def apply_defaults(table: str, obj: Obj) -> None:
    """In place; an object too broken to have defaults is left to validation."""
    fill = DEFAULTS.get(table)
    if fill is None:
        return
    if not isinstance(obj.get("spec", {}), dict):
        return
    obj.setdefault("spec", {})
    fill(obj)
