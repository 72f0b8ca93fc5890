"""Container logs: given ones, or what the image's behaviour writes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.apimachinery.clock import parse, stamp
from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.cluster import Cluster

NANOSECONDS = "%Y-%m-%dT%H:%M:%S.%f000Z"
LINE_SECONDS = 10
MOST_LINES = 200
Line = tuple[datetime, str]


@dataclass(frozen=True)
class LogOptions:
    container: str
    previous: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    since_seconds: int | None = None
    timestamps: bool = False


def log_text(cluster: Cluster, pod: Obj, wanted: LogOptions, now: datetime) -> str:
    key = (namespace_of(pod), name_of(pod), wanted.container, wanted.previous)
    given = cluster.logs.get(key)
    lines = _given(given, now) if given is not None else _lines_of_run(cluster, pod, wanted, now)
    text = "".join(_shown(line, wanted.timestamps) for line in _chosen(lines, wanted, now))
    if wanted.limit_bytes is None:
        return text
    return text.encode()[: wanted.limit_bytes].decode(errors="ignore")


def _chosen(lines: list[Line], wanted: LogOptions, now: datetime) -> list[Line]:
    """Those that are young enough, and the last of them."""
    if wanted.since_seconds is not None:
        lines = [line for line in lines if (now - line[0]).total_seconds() <= wanted.since_seconds]
    if wanted.tail_lines is not None:
        lines = lines[-wanted.tail_lines :] if wanted.tail_lines else []
    return lines


def _shown(line: Line, timestamps: bool) -> str:
    at, text = line
    return f"{at.strftime(NANOSECONDS)} {text}\n" if timestamps else f"{text}\n"


def _given(text: str, now: datetime) -> list[Line]:
    lines = text.splitlines()
    return [(now - timedelta(seconds=len(lines) - i), line) for i, line in enumerate(lines)]


def _status(pod: Obj, container: str) -> Obj:
    status = pod.get("status") or {}
    every = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return next((s for s in every if s["name"] == container), {})


def _run(status: Obj, previous: bool, now: datetime) -> tuple[datetime, datetime, bool] | None:
    """Start and end of the run that is asked for, and whether it has ended."""
    last = (status.get("lastState") or {}).get("terminated")
    state = status.get("state") or {}
    ended = last if previous or "waiting" in state else state.get("terminated")
    if ended:
        return parse(ended["startedAt"]), parse(ended["finishedAt"]), True
    running = state.get("running")
    return (parse(running["startedAt"]), now, False) if running else None


def _lines_of_run(cluster: Cluster, pod: Obj, wanted: LogOptions, now: datetime) -> list[Line]:
    run = _run(_status(pod, wanted.container), wanted.previous, now)
    if run is None:
        return []
    start, end, ended = run
    every = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
    spec = next(c for c in every if c["name"] == wanted.container)
    profile = cluster.behaviour.image(spec.get("image", ""))
    own = [(start, text) for text in (profile.log if profile else ())]
    if ended or (profile and profile.run_seconds is not None):
        return own
    most = MOST_LINES if wanted.tail_lines is None else min(MOST_LINES, wanted.tail_lines)
    return [(start, f"starting {spec['image']}"), *own, *_requests(start, end, most)]


def _requests(start: datetime, end: datetime, most: int) -> list[Line]:
    total = min(most, int((end - start).total_seconds() // LINE_SECONDS))
    times = [end - timedelta(seconds=LINE_SECONDS * (total - i)) for i in range(total)]
    return [(at, f'{stamp(at)} INFO "GET /healthz HTTP/1.1" 200 2') for at in times]
