"""core/v1 Events as events.k8s.io/v1 shows them."""

from simulator.apimachinery.objects import Obj

RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "source": "deprecatedSource",
    "reportingComponent": "reportingController",
}


def to_new(event: Obj) -> Obj:
    return {RENAMED.get(k, k): v for k, v in event.items() if k not in ("kind", "apiVersion")}


def to_core(event: Obj) -> Obj:
    names = {new: old for old, new in RENAMED.items()}
    return {names.get(key, key): value for key, value in event.items()}
