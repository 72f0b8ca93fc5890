"""How a container behaves: by its pod's annotation, else by its image's tag, else it runs (or
finishes, in a Job).

`kubewise.test/behaviour` names one behaviour for every container, or one for each:
`app=crash,sidecar=running`. An argument in seconds follows a colon: `ready-after:3`. Of the same
names `missing`, `unauthorized`, `crash`, `oom` and `never-ready` are understood as an image's tag,
so that `kubectl set image` breaks a workload and a rollback mends it.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

Json = dict[str, Any]
BEHAVIOUR = "kubewise.test/behaviour"
LOG = "kubewise.test/log"
OOM_BELOW_BYTES = 128 * 2**20
TAGS = frozenset({"missing", "unauthorized", "crash", "oom", "never-ready"})
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True)
class Refusal:
    """Why a container can't start: the waiting reason, its message, and whether it is the image
    that can't be had.
    """

    reason: str
    message: str
    is_pull: bool = False


@dataclass(frozen=True)
class Program:
    """What a container's program does once it is started. `exit_code` None runs until it is
    stopped.

    `runs_seconds` is paced as the stand-in kubelet's waits are; `first_run_seconds` and
    `ready_after_seconds` are real.
    """

    log: tuple[str, ...]
    exit_code: int | None = None
    exit_reason: Literal["Error", "Completed", "OOMKilled"] = "Error"
    runs_seconds: float = 1.0
    first_run_seconds: float | None = None
    ready_after_seconds: float | None = 0.0
    ignores_sigterm: bool = False
    refusal: Refusal | None = None


def program(pod: Json, container: Json, is_init: bool = False) -> Program:
    """What `container` of `pod` does; an unknown behaviour is a container that can't be created,
    and says so.
    """
    name, _, argument = _behaviour(pod, container, is_init).partition(":")
    seconds = float(argument or 0)
    made = _program(name, seconds, container)
    text = pod["metadata"].get("annotations", {}).get(LOG)
    return replace(made, log=tuple(text.splitlines())) if text else made


def _behaviour(pod: Json, container: Json, is_init: bool) -> str:
    wanted = pod["metadata"].get("annotations", {}).get(BEHAVIOUR, "")
    each = dict(part.strip().split("=", 1) for part in wanted.split(",") if "=" in part)
    if each.get(container["name"]) or (wanted and not each):
        return str(each.get(container["name"], wanted))
    tag = tag_of(container["image"])
    if tag in TAGS:
        return tag
    finishes = is_init or pod["spec"].get("restartPolicy", "Always") != "Always"
    return "completes" if finishes and container.get("restartPolicy") != "Always" else "running"


def _program(name: str, seconds: float, container: Json) -> Program:
    image, log = container["image"], ("starting", "listening on :8080")
    running = Program(log=log)
    crashing = Program(
        log=("starting", "error: connect db:5432: connection refused", "exit status 1"), exit_code=1
    )
    known = {
        "running": running,
        "never-ready": replace(running, ready_after_seconds=None),
        "ready-after": replace(running, ready_after_seconds=seconds),
        "ignores-sigterm": replace(running, ignores_sigterm=True),
        "completes": Program(log=("starting", "done"), exit_code=0, exit_reason="Completed"),
        "crash": crashing,
        "crash-after": replace(crashing, first_run_seconds=seconds),
        "oom": _oom(container, running),
        "missing": replace(running, refusal=_missing(image)),
        "unauthorized": replace(running, refusal=_unauthorized(image)),
        "invalid-image": replace(running, refusal=_invalid(image)),
        "config-error": replace(
            running, refusal=Refusal("CreateContainerConfigError", 'secret "app-config" not found')
        ),
    }
    return known.get(name) or replace(
        running, refusal=Refusal("CreateContainerError", f"unknown {BEHAVIOUR} {name!r}")
    )


def _oom(container: Json, running: Program) -> Program:
    limit = container.get("resources", {}).get("limits", {}).get("memory")
    if limit is None or quantity_bytes(limit) >= OOM_BELOW_BYTES:
        return running
    return Program(
        log=("starting", "loading 128 MiB of cache"), exit_code=137, exit_reason="OOMKilled"
    )


def quantity_bytes(quantity: str) -> float:
    """Kubernetes' memory quantities, in the units that limits are written in."""
    for unit, factor in UNITS.items():
        if quantity.endswith(unit):
            return float(quantity.removesuffix(unit)) * factor
    return float(quantity)


def tag_of(image: str) -> str:
    name, _, tag = image.split("@", 1)[0].rpartition(":")
    return tag if name and "/" not in tag else "latest"


def familiar(image: str) -> str:
    """The image's full reference as containerd names it."""
    first, slash, _ = image.partition("/")
    tagged = image if tag_of(image) != "latest" or image.endswith(":latest") else f"{image}:latest"
    if slash and ("." in first or ":" in first or first == "localhost"):
        return tagged
    return f"docker.io/{tagged}" if slash else f"docker.io/library/{tagged}"


def _missing(image: str) -> Refusal:
    return _pull(image, "NotFound", f"{familiar(image)}: not found")


def _unauthorized(image: str) -> Refusal:
    why = "pull access denied, repository does not exist or may require authorization"
    said = "server message: insufficient_scope: authorization failed"
    return _pull(image, "Unknown", f"{why}: {said}")


def _pull(image: str, code: str, why: str) -> Refusal:
    """A failed pull in containerd's words."""
    full = familiar(image)
    what = f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": {why}'
    return Refusal("ErrImagePull", f"rpc error: code = {code} desc = {what}", is_pull=True)


def _invalid(image: str) -> Refusal:
    why = f"invalid reference format: repository name (library/{image}) must be lowercase"
    what = f'couldn\'t parse image name "{image}": {why}'
    return Refusal("InvalidImageName", f'Failed to apply default image tag "{image}": {what}')
