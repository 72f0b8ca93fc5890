"""What the tests ask of nodes: which are stand-ins, whether they take pods, and others kept out of
the way.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.controlplane.rest import Api, Json

OK = 200
STAND_IN = "kubewise.test/stand-in"
NODES = "/api/v1/nodes"


def answers_ready(api: Api) -> bool:
    """Whether the API server says it is ready; one that does not answer yet is not."""
    try:
        return api.get("/readyz").status == OK
    except requests.RequestException:
        return False


def is_usable(api: Api, count: int) -> bool:
    """Whether `count` stand-in nodes are ready without a taint, and pods can be created in the
    default namespace.
    """
    stand_ins = api.get(NODES, labelSelector=STAND_IN).ok()["items"]
    account = api.get("/api/v1/namespaces/default/serviceaccounts/default")
    return account.status == OK and sum(map(takes_pods, stand_ins)) >= count


@contextmanager
def others_cordoned(api: Api) -> Iterator[None]:
    others = [
        node["metadata"]["name"]
        for node in api.get(NODES, labelSelector=f"!{STAND_IN}").ok()["items"]
        if takes_pods(node)
    ]
    try:
        for name in others:
            api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": True}}).ok()
        yield
    finally:
        for name in others:
            api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": None}}).ok()


def remove(api: Api) -> None:
    """Delete every stand-in node and, with grace 0, the pods that only a stand-in could have
    ended.
    """
    names = {
        node["metadata"]["name"] for node in api.get(NODES, labelSelector=STAND_IN).ok()["items"]
    }
    for name in names:
        api.delete(f"{NODES}/{name}")
    for pod in api.get("/api/v1/pods").ok()["items"]:
        if pod["spec"].get("nodeName") in names:
            meta = pod["metadata"]
            api.delete(
                f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}",
                {"gracePeriodSeconds": 0},
            )


def takes_pods(node: Json) -> bool:
    conditions = {one["type"]: one["status"] for one in node["status"].get("conditions", [])}
    spec = node["spec"]
    return (
        conditions.get("Ready") == "True"
        and not spec.get("taints")
        and not spec.get("unschedulable")
    )
