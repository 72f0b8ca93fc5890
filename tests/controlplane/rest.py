"""Kubernetes' REST interface without a client's models: what was sent and what came back, as
JSON.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import requests
from kubernetes.client import Configuration
from kubernetes.config.kube_config import load_kube_config

Json = dict[str, Any]
Patch = Literal["json", "merge", "strategic", "apply"]
PATCH_TYPES: Mapping[Patch, str] = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


@dataclass(frozen=True)
class Answer:
    """One answer: the HTTP status, the decoded JSON (or the text of what is not JSON), and the
    headers.
    """

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def reason(self) -> str | None:
        """The machine-readable reason of a Status object, such as NotFound."""
        return self.body.get("reason") if isinstance(self.body, dict) else None

    @property
    def message(self) -> str:
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else str(self.body)

    def ok(self) -> Any:
        """The body of a success; anything else is an AssertionError that shows the answer."""
        assert self.status < 400, f"{self.status} {self.reason}: {self.message}"
        return self.body


class Api:
    """A client of one API server as one user; usable from several threads."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._local = threading.local()
        self._settings = Configuration()
        load_kube_config(str(kubeconfig), client_configuration=self._settings)  # type: ignore[no-untyped-call]

    def get(self, path: str, **params: Any) -> Answer:
        return self.call("GET", path, params=params)

    def create(self, path: str, body: Json, **params: Any) -> Answer:
        return self.call("POST", path, body, params=params)

    def replace(self, path: str, body: Json, **params: Any) -> Answer:
        return self.call("PUT", path, body, params=params)

    def patch(self, path: str, body: Any, kind: Patch = "strategic", **params: Any) -> Answer:
        return self.call("PATCH", path, body, params=params, content_type=PATCH_TYPES[kind])

    def delete(self, path: str, options: Json | None = None, **params: Any) -> Answer:
        return self.call("DELETE", path, options, params=params)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type} if body is not None else {}
        answer = self._session().request(
            method, self._url(path), params=params, data=data, headers=headers, timeout=60
        )
        return Answer(answer.status_code, _decoded(answer), answer.headers)

    def watch(self, path: str, timeout_seconds: int = 300, **params: Any) -> Iterator[Json]:
        """Yield the watch's events until the server ends it; a refusal is one event of type ERROR,
        as in a stream.
        """
        query = params | {"watch": "true", "timeoutSeconds": timeout_seconds}
        with self._session().get(
            self._url(path), params=query, stream=True, timeout=timeout_seconds + 30
        ) as answer:
            if answer.status_code != requests.codes.ok:
                yield {"type": "ERROR", "object": answer.json(), "status": answer.status_code}
                return
            for line in answer.iter_lines(chunk_size=None):
                if line:
                    yield json.loads(line)

    def _url(self, path: str) -> str:
        return f"{self._settings.host}{path}"

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _session(self._settings)
        return session


def _session(settings: Configuration) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = settings.ssl_ca_cert if settings.verify_ssl else False
    if settings.cert_file:
        session.cert = (settings.cert_file, str(settings.key_file))
    token = settings.get_api_key_with_prefix("authorization") or settings.get_api_key_with_prefix(
        "BearerToken"
    )
    if token:
        session.headers["Authorization"] = token
    return session


def _decoded(answer: requests.Response) -> Any:
    is_json = "json" in answer.headers.get("Content-Type", "")
    return answer.json() if is_json and answer.content else answer.text
