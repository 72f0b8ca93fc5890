"""Makers of realistic manifests for the world."""

from simulator.apimachinery.objects import Obj

LABEL = "app.kubernetes.io/name"


def container(
    name: str, image: str, cpu: str = "100m", memory: str = "128Mi", port: int = 8080
) -> Obj:
    probe = {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 10}
    return {
        "name": name,
        "image": image,
        "ports": [{"name": "http", "containerPort": port}],
        "env": [{"name": "LOG_LEVEL", "value": "info"}],
        "resources": {
            "requests": {"cpu": cpu, "memory": memory},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "readinessProbe": probe,
        "livenessProbe": {**probe, "initialDelaySeconds": 10},
    }


def template(name: str, image: str, **more: object) -> Obj:
    return {
        "metadata": {"labels": {LABEL: name}},
        "spec": {"containers": [container(name, image)], **more},
    }


def _meta(namespace: str, name: str) -> Obj:
    return {"name": name, "namespace": namespace, "labels": {LABEL: name}}


def deployment(namespace: str, name: str, image: str, replicas: int) -> Obj:
    selector = {"matchLabels": {LABEL: name}}
    spec = {"replicas": replicas, "selector": selector, "template": template(name, image)}
    return {"metadata": _meta(namespace, name), "spec": spec}


def statefulset(namespace: str, name: str, image: str, replicas: int, size: str) -> Obj:
    pod = template(name, image)
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    claim_spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard"}
    claim_spec |= {"resources": {"requests": {"storage": size}}}  # type: ignore[dict-item]
    claim = {"metadata": {"name": "data"}, "spec": claim_spec}
    spec = {"replicas": replicas, "serviceName": name, "selector": {"matchLabels": {LABEL: name}}}
    spec |= {"template": pod, "volumeClaimTemplates": [claim]}
    return {"metadata": _meta(namespace, name), "spec": spec}


def daemonset(namespace: str, name: str, image: str) -> Obj:
    pod = template(name, image, tolerations=[{"operator": "Exists"}])
    pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "50m", "memory": "64Mi"}}
    return {
        "metadata": _meta(namespace, name),
        "spec": {"selector": {"matchLabels": {LABEL: name}}, "template": pod},
    }


def service(namespace: str, name: str, address: str, port: int = 80) -> Obj:
    ports = [{"name": "http", "port": port, "targetPort": "http"}]
    spec = {
        "selector": {LABEL: name},
        "ports": ports,
        "clusterIP": address,
        "clusterIPs": [address],
    }
    return {"metadata": _meta(namespace, name), "spec": spec}


def autoscaler(namespace: str, name: str, low: int, high: int) -> Obj:
    target = {"type": "Utilization", "averageUtilization": 70}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {
        "scaleTargetRef": reference,
        "minReplicas": low,
        "maxReplicas": high,
        "metrics": [metric],
    }
    return {"metadata": _meta(namespace, name), "spec": spec}


def budget(namespace: str, name: str, least: int) -> Obj:
    spec = {"minAvailable": least, "selector": {"matchLabels": {LABEL: name}}}
    return {"metadata": _meta(namespace, name), "spec": spec}


def job_template(name: str, image: str) -> Obj:
    pod = {"restartPolicy": "OnFailure", "containers": [{"name": name, "image": image}]}
    return {"backoffLimit": 3, "template": {"metadata": {"labels": {LABEL: name}}, "spec": pod}}


def job(namespace: str, name: str, image: str) -> Obj:
    return {"metadata": _meta(namespace, name), "spec": job_template(name, image)}


def cronjob(namespace: str, name: str, image: str, schedule: str) -> Obj:
    spec = {"schedule": schedule, "jobTemplate": {"spec": job_template(name, image)}}
    return {"metadata": _meta(namespace, name), "spec": spec}


def node(index: int, cpu: str = "8", memory: str = "32Gi", pods: str = "110") -> Obj:
    name = f"node-{index}"
    zone = f"zone-{'abc'[index % 3]}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": zone,
        "node.kubernetes.io/instance-type": "standard-8",
    }
    amounts = {"cpu": cpu, "memory": memory, "pods": pods, "ephemeral-storage": "100Gi"}
    info = {
        "kubeletVersion": "v1.34.4",
        "osImage": "Debian GNU/Linux 12 (bookworm)",
        "kernelVersion": "6.1.0",
        "containerRuntimeVersion": "containerd://2.1.4",
        "architecture": "amd64",
        "operatingSystem": "linux",
        "kubeProxyVersion": "",
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
    }
    address = {"type": "InternalIP", "address": f"10.0.{index // 250}.{index % 250 + 10}"}
    status = {"capacity": amounts, "allocatable": amounts, "nodeInfo": info}
    status["addresses"] = [address, {"type": "Hostname", "address": name}]  # type: ignore[assignment]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": f"10.244.{index}.0/24"},
        "status": status,
    }
