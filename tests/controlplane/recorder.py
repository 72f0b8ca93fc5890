"""The kubelet's events: the same event again raises the count of the first, as the real recorder
does.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.controlplane.behaviours import Json
from tests.controlplane.container import stamp
from tests.controlplane.rest import Api


@dataclass
class Recorder:
    """Writes events; `clock` tells the aware time of each."""

    api: Api
    clock: Callable[[], datetime]
    _seen: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)

    def of_container(
        self, pod: Json, container: Json, kind: str, reason: str, message: str
    ) -> None:
        meta = pod["metadata"]
        involved = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        }
        involved |= {
            "resourceVersion": meta["resourceVersion"],
            "fieldPath": f"spec.containers{{{container['name']}}}",
        }
        key = (meta["uid"], container["name"], kind, reason, message)
        path = f"/api/v1/namespaces/{meta['namespace']}/events"
        if key in self._seen and self._again(path, key):
            return
        self._first(path, key, involved, pod["spec"]["nodeName"])

    def _again(self, path: str, key: tuple[str, ...]) -> bool:
        name, count = self._seen[key][0], self._seen[key][1] + 1
        self._seen[key] = (name, count)
        return (
            self.api.patch(
                f"{path}/{name}", {"count": count, "lastTimestamp": stamp(self.clock())}
            ).status
            < 400
        )

    def _first(self, path: str, key: tuple[str, ...], involved: Json, node: str) -> None:
        moment, name = stamp(self.clock()), f"{involved['name']}.{secrets.token_hex(8)}"
        event: Json = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": involved["namespace"]},
        }
        event |= {
            "involvedObject": involved,
            "type": key[2],
            "reason": key[3],
            "message": key[4],
            "count": 1,
        }
        event |= {
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "source": {"component": "kubelet", "host": node},
        }
        event |= {"reportingComponent": "kubelet", "reportingInstance": node}
        if self.api.create(path, event).status < 400:
            self._seen[key] = (name, 1)
