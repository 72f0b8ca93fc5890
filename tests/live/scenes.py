"""What happens to the Deployment `web` before KubeWise looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.objects import GOOD, MISSING, deployment, image_patch
from tests.contract.target import Space, eventually, is_ready
from tests.controlplane.behaviours import BEHAVIOUR
from tests.controlplane.rest import Json

NEXT = "nginx:1.28"
PROVEN_READY = timedelta(seconds=16)


def deployed(space: Space, replicas: int = 2, **spec: Any) -> Json:
    """Two replicas of a good image, running."""
    made: Json = space.create("deployments", deployment(replicas=replicas, **spec)).ok()
    space.running(replicas)
    return made


def release(space: Space, image: str) -> None:
    """A new revision, as a person rolls it out."""
    space.api.patch(space.path("deployments", "web"), image_patch(image)).ok()


def broken_release(space: Space) -> None:
    """A good revision that serves, and a newest one whose image does not exist."""
    deployed(space)
    release(space, MISSING)


def has_served(space: Space, count: int = 2) -> list[Json]:
    """Wait until the pods of one revision have been ready for a while: they did work once."""

    def look() -> list[Json] | None:
        pods = space.items("pods", labelSelector="app=web")
        served = [one for one in pods if is_ready(one) and _ready_for(one) >= PROVEN_READY]
        return served if len(served) == len(pods) == count else None

    return eventually(look, f"{count} pods that have been ready for {PROVEN_READY}")


def misbehaves(space: Space, pod: Json, behaviour: str) -> None:
    """From now on the pod's containers do as said; a replacement of the pod does not."""
    change = {"metadata": {"annotations": {BEHAVIOUR: behaviour}}}
    space.api.patch(space.path("pods", pod["metadata"]["name"]), change, "merge").ok()


def image_now(space: Space) -> str:
    spec = space.get("deployments", "web").ok()["spec"]["template"]["spec"]
    return str(spec["containers"][0]["image"])


def is_rolled_back(space: Space) -> bool:
    """The good image runs in every pod, and in as many as are asked for."""
    pods = space.running(2)
    return image_now(space) == GOOD and all(
        one["spec"]["containers"][0]["image"] == GOOD for one in pods
    )


def _ready_for(pod: Json) -> timedelta:
    (ready,) = [one for one in pod["status"]["conditions"] if one["type"] == "Ready"]
    return datetime.now(UTC) - datetime.fromisoformat(ready["lastTransitionTime"])
