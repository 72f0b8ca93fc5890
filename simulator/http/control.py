"""The paths beside the API: /_sim/ (JSON control), /prometheus, /metrics."""

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from simulator.apimachinery.errors import ApiError
from simulator.apimachinery.objects import Obj
from simulator.http.request import Request
from simulator.http.response import Response, json_response, text_response

if TYPE_CHECKING:
    from simulator.simulator import Simulator


class Front:
    """Decides who answers a path."""

    def __init__(self, simulator: "Simulator") -> None:
        self.simulator = simulator

    def handle(self, request: Request) -> Response:
        if request.path.startswith("/as/"):
            request = self._as_user(request)
        if request.path.startswith("/_sim"):
            return self._control(request)
        if request.path.startswith("/prometheus"):
            return self._prometheus(request)
        if request.path == "/metrics":
            return self._metrics(request.param("job"))
        return self.simulator.api.handle(request)

    def _metrics(self, job: str) -> Response:
        """Of all exporters, or of one job (`?job=kubelet`), which may be away."""
        sampler = self.simulator.sampler
        if job in sampler.away:
            return text_response("Service Unavailable\n", 503)
        return Response(200, sampler.exposition(job).encode(), "text/plain; version=0.0.4")

    def _as_user(self, request: Request) -> Request:
        """ "/as/TOKEN/api…" is "/api…" with that bearer token, unless a header gives another."""
        token, _, rest = request.target.removeprefix("/as/").partition("/")
        headers = {"authorization": f"Bearer {token}", **request.headers}
        return Request(request.method, "/" + rest, headers, request.body)

    def _prometheus(self, request: Request) -> Response:
        from simulator.prometheus.http.http import handle

        if self.simulator.prometheus_away:
            return text_response("Service Unavailable\n", 503)
        params = {k: list(v) for k, v in request.query.items()}
        if request.method == "POST":
            for key, value in parse_qs(request.body.decode()).items():
                params.setdefault(key, []).extend(value)
        path = request.path.removeprefix("/prometheus") or "/"
        now = self.simulator.cluster.clock.now().timestamp()
        code, body = handle(path, params, self.simulator.metric_store, now)
        if set(body) == {"text"}:
            return text_response(str(body["text"]), code)
        return json_response(body, code)

    def _control(self, request: Request) -> Response:
        name = request.path.removeprefix("/_sim").strip("/").replace("/", "_") or "state"
        action = getattr(self, f"_{request.method.lower()}_{name}", None)
        if action is None:
            return json_response(
                {"error": f"no such control: {request.method} {request.path}"}, 404
            )
        try:
            return json_response(action(request))
        except (ValueError, KeyError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
        except ApiError as error:
            return json_response(error.status(), error.code)

    def _get_state(self, request: Request) -> Obj:
        store = self.simulator.store
        phases = Counter(p.get("status", {}).get("phase", "") for p in store.items("pods"))
        return {
            "now": self.simulator.cluster.clock.now().isoformat(),
            "resourceVersion": str(store.revision),
            "objects": {name: len(t.objects) for name, t in sorted(store.tables.items())},
            "pods": dict(phases),
            "faults": [f.as_json() for f in self.simulator.faults],
            "switches": [vars(s) for s in self.simulator.api.switches.active],
        }

    def _get_faults(self, request: Request) -> Any:
        from simulator.faults import catalogue

        return {"known": catalogue(), "active": [f.as_json() for f in self.simulator.faults]}

    def _post_inject(self, request: Request) -> Any:
        body = request.object()
        seconds = float(body.get("began_seconds_ago", 0))
        return self.simulator.inject(body["name"], body.get("target"), seconds).as_json()

    def _post_clear(self, request: Request) -> Any:
        self.simulator.clear(request.object().get("name"))
        return {"faults": [f.as_json() for f in self.simulator.faults]}

    def _post_load(self, request: Request) -> Any:
        body = request.object()
        logs = {
            (e["namespace"], e["pod"], e["container"], bool(e.get("previous"))): e["text"]
            for e in body.get("logs") or ()
        }
        self.simulator.load(body.get("objects") or (), logs, body.get("metrics") or ())
        return {"loaded": len(body.get("objects") or ())}

    def _post_logs(self, request: Request) -> Any:
        return self._post_load(request)

    def _get_writes(self, request: Request) -> Any:
        return {"writes": [w.as_json() for w in self.simulator.writes]}

    def _get_reads(self, request: Request) -> Any:
        return {"reads": self.simulator.reads}

    def _post_reset(self, request: Request) -> Any:
        self.simulator.reset_counters()
        return {}

    def _get_switches(self, request: Request) -> Any:
        switches = self.simulator.api.switches
        return {"active": [vars(s) for s in switches.active], "held": switches.held}

    def _post_switches(self, request: Request) -> Any:
        return vars(self.simulator.api.switches.add(**request.object()))

    def _delete_switches(self, request: Request) -> Any:
        self.simulator.api.switches.clear()
        return {}

    def _post_users(self, request: Request) -> Any:
        body = request.object()
        self.simulator.api.users.set(body["token"], body["user"], body.get("rules") or [])
        return {}

    def _post_expire(self, request: Request) -> Any:
        self.simulator.api.snapshots.expire()
        return {}
