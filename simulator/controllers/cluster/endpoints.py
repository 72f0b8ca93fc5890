"""Endpoints and EndpointSlices of Services with a selector."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.objects import Obj, labels_of, name_of, namespace_of, uid_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, is_ready, own_key, owner_reference, short_hash


def chosen(service: Obj, pod: Obj) -> bool:
    selector, labels = service["spec"].get("selector") or {}, labels_of(pod)
    return bool(selector) and all(labels.get(k) == v for k, v in selector.items())


class Endpoints(Base):
    table, kind = "services", "Service"
    watches = ("services", "pods")

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == "services":
            return [own_key(obj)]
        return [
            own_key(s) for s in self.store.items("services", namespace_of(obj)) if chosen(s, obj)
        ]

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        service = self.held(key)
        if service is None or not service["spec"].get("selector"):
            if service is None:
                self.store.remove("endpoints", key[0], key[1])
                self.store.remove("endpointslices.discovery.k8s.io", *self._slice_key(key))
            return None
        pods = [p for p in self.store.items("pods", namespace_of(service)) if chosen(service, p)]
        pods = [p for p in pods if _serves(p)]
        self._write_endpoints(service, pods, now)
        self._write_slice(service, pods, now)
        return None

    def _slice_key(self, key: WorkKey) -> tuple[str, str]:
        namespace, name = key[0], key[1]
        return namespace, f"{name}-{short_hash(name, 5)}"

    def _ports(self, service: Obj, pods: list[Obj]) -> list[Obj]:
        found = []
        for port in service["spec"].get("ports") or ():
            number = _number(port.get("targetPort", port["port"]), pods)
            entry = {
                "port": number,
                "protocol": port.get("protocol", "TCP"),
                "name": port.get("name", ""),
            }
            if number:
                found.append({k: v for k, v in entry.items() if v})
        return found

    def _write_endpoints(self, service: Obj, pods: list[Obj], now: datetime) -> None:
        subset: Obj = {}
        active = [p for p in pods if not p["metadata"].get("deletionTimestamp")]
        for name, ready in (("addresses", True), ("notReadyAddresses", False)):
            if found := [_address(p) for p in active if is_ready(p) is ready]:
                subset[name] = found
        subsets = [{**subset, "ports": self._ports(service, pods)}] if subset else []
        self._put(
            "endpoints", {"metadata": _meta(service, name_of(service))}, "subsets", subsets, now
        )

    def _write_slice(self, service: Obj, pods: list[Obj], now: datetime) -> None:
        metadata = _meta(service, self._slice_key(own_key(service))[1])
        metadata["labels"] |= {
            "kubernetes.io/service-name": name_of(service),
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        }
        metadata["ownerReferences"] = [owner_reference(service)]
        head: Obj = {
            "metadata": metadata,
            "addressType": "IPv4",
            "ports": self._ports(service, pods),
        }
        table = "endpointslices.discovery.k8s.io"
        self._put(table, head, "endpoints", [_endpoint(p) for p in pods], now)

    def _put(self, table: str, obj: Obj, field: str, value: list[Obj], now: datetime) -> None:
        held = self.store.get(table, *own_key(obj))
        wanted = {k: v for k, v in obj.items() if k != "metadata"} | {field: value}
        if held is None:
            self.create(table, {**obj, **wanted}, now)
        elif any(held.get(k) != v for k, v in wanted.items()):
            self.change(table, held, now, **wanted)


def _serves(pod: Obj) -> bool:
    status = pod.get("status") or {}
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def _meta(service: Obj, name: str) -> Obj:
    return {"name": name, "namespace": namespace_of(service), "labels": dict(labels_of(service))}


def _number(target: object, pods: list[Obj]) -> int:
    if isinstance(target, int):
        return target
    if str(target).isdigit():
        return int(str(target))
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for port in container.get("ports") or ():
                if port.get("name") == target:
                    return int(port["containerPort"])
    return 0


def _reference(pod: Obj) -> Obj:
    return {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}


def _address(pod: Obj) -> Obj:
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": _reference(pod),
    }


def _endpoint(pod: Obj) -> Obj:
    going, ready = bool(pod["metadata"].get("deletionTimestamp")), is_ready(pod)
    conditions = {"ready": ready and not going, "serving": ready, "terminating": going}
    head = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": conditions,
        "targetRef": _reference(pod),
    }
    return head | {"nodeName": pod["spec"].get("nodeName")}
