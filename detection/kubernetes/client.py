"""Reading from the Kubernetes API: raw bytes, GET only, named errors.

Raw because the official client's typed lists cost ten times the CPU; the official client still
brings what it is best at: kubeconfig, in-cluster account, TLS and every kind of authentication.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from kubewise_site.core.http_body import BodyError, TooBig, read_body
from kubewise_site.core.redaction import redact

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
CALL_SECONDS = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
ANSWER_LIMIT_BYTES = 256 * 1024 * 1024
# What the official client lets through of a file that is no kubeconfig.
UNUSABLE = (
    ConfigException, OSError, TypeError, KeyError, ValueError, AttributeError, IndexError,
    RecursionError, yaml.YAMLError,
)  # fmt: skip
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class KubernetesError(Exception):
    """The API server did not do what was asked; `reason` is its own word where it gave one."""

    def __init__(self, message: str, status: int = 0, reason: str = "", body: Any = None) -> None:
        super().__init__(redact(message))
        self.status, self.reason, self.body = status, reason, body


class NotConfigured(KubernetesError):
    """No usable kubeconfig, context or account."""


class Unreachable(KubernetesError):
    """No answer: refused, timed out, TLS failed, cut off."""


class Unauthorized(KubernetesError):
    """401: the token or certificate is not accepted."""


class Forbidden(KubernetesError):
    """403: the message names verb and resource."""


class NotFound(KubernetesError):
    """404: the object, or the whole API group, is not there."""


class Conflict(KubernetesError):
    """409: changed meanwhile, a precondition failed, or it exists already."""


class Expired(KubernetesError):
    """410: the continue token or resourceVersion is too old."""


class Invalid(KubernetesError):
    """400 or 422: the server refuses the request's content."""


class TooManyRequests(KubernetesError):
    """429: throttled, or an eviction that a PodDisruptionBudget refuses."""


class TooLarge(KubernetesError):
    """The answer is over the size limit."""


BY_STATUS: dict[int, type[KubernetesError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    422: Invalid,
    429: TooManyRequests,
}


@dataclass(frozen=True)
class Account:
    """Which cluster, and as whom: printed before anything is read."""

    server: str
    context: str
    source: str


class Connection:
    """One authenticated HTTP connection pool to one API server."""

    def __init__(self, api_client: Any, account: Account, seconds: float = CALL_SECONDS) -> None:
        self._client, self.account, self._seconds = api_client, account, seconds
        self.fastest_seconds: float | None = None

    def within(self, seconds: float) -> Connection:
        """The same connection, each of whose calls takes at most so long."""
        return Connection(self._client, self.account, min(seconds, self._seconds))

    def get(self, path: str, params: dict[str, str] | None = None, accept: str = "") -> bytes:
        """The body of `GET path`. Raises a KubernetesError, never a library's exception."""
        return self.request("GET", path, params, accept=accept)

    def request(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
    ) -> bytes:
        """One request without retries, with time-outs and a size limit."""
        headers = {"Accept": accept or "application/json", "Content-Type": content_type}
        began = time.monotonic()
        url, deadline = self._url(path, params), began + self._seconds
        try:
            self._authenticate(headers)
            answer = self._client.rest_client.pool_manager.request(
                method,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=self._timeout(),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            content = _read(answer, deadline)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{method} {path}: {error}") from error
        if answer.status >= 300:
            raise error_of(answer.status, content, f"{method} {path}")
        took = time.monotonic() - began
        self.fastest_seconds = min(took, self.fastest_seconds or took)
        return content

    def take_latency_ms(self) -> float | None:
        """The fastest request since this was last asked, in ms; None where none was answered.

        The fastest is the round trip: a list of ten thousand pods takes long on a near server.
        """
        found, self.fastest_seconds = self.fastest_seconds, None
        return None if found is None else round(found * 1000, 2)

    def _timeout(self) -> urllib3.Timeout:
        share = self._seconds / CALL_SECONDS
        connect, read = CONNECT_TIMEOUT_SECONDS * share, READ_TIMEOUT_SECONDS * share
        return urllib3.Timeout(connect=connect, read=read)

    def _url(self, path: str, params: dict[str, str] | None) -> str:
        query = f"?{urlencode(params)}" if params else ""
        return f"{self._client.configuration.host.rstrip('/')}{path}{query}"

    def _authenticate(self, headers: dict[str, str]) -> None:
        self._client.update_params_for_auth(
            headers, [], self._client.configuration.auth_settings(), "", "", None
        )


def _read(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The whole body; what is left of one that is cut short is not for the next request."""
    try:
        body = read_body(answer, deadline, ANSWER_LIMIT_BYTES)
    except TooBig as error:
        answer.close()
        raise TooLarge(str(error)) from error
    except BodyError as error:
        answer.close()
        raise Unreachable(str(error)) from error
    answer.release_conn()
    return body


def error_of(status: int, content: bytes, what: str) -> KubernetesError:
    """The named error for an answer of 300 or above; `Status` objects give their own message."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        body = {}
    message = str(body.get("message") or content[:200].decode("utf-8", "replace"))
    kind = BY_STATUS.get(status, KubernetesError)
    return kind(f"{what}: {status} {message}", status, str(body.get("reason") or ""), body)


def connect(context: str = "", kubeconfig: str = "", token_file: str = "") -> Connection:
    """Connect to the named kubeconfig context, as the token in `token_file` where one is given.

    Without a context: the in-cluster account. Nothing is guessed. Raises NotConfigured.
    """
    try:
        loaded, account = _load(context, kubeconfig)
    except UNUSABLE as error:
        raise NotConfigured(f"no Kubernetes account for context {context!r}: {error}") from error
    if token_file:
        loaded = _with_token(loaded, token_file)
    return Connection(client.ApiClient(loaded), account)


def _load(context: str, kubeconfig: str) -> tuple[Any, Account]:
    loaded = client.Configuration(host="http://localhost")
    if context or kubeconfig:
        config.load_kube_config(  # type: ignore[no-untyped-call]
            kubeconfig or None, context or None, loaded, False
        )
        return loaded, Account(str(loaded.host), context, kubeconfig or "kubeconfig")
    config.load_incluster_config(client_configuration=loaded)  # type: ignore[no-untyped-call]
    return loaded, Account(str(loaded.host), "", "in-cluster account")


def has_current_context(kubeconfig: str) -> bool:
    """Whether the file names a context to be used when none is given.

    A file that isn't there counts as one that does: whoever reads it says what is wrong.
    """
    if not Path(kubeconfig).is_file():
        return True
    try:
        config.list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
    except UNUSABLE:
        return False
    return True


def _token(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise NotConfigured(f"the token file {path} can't be read: {error}") from error


def _refresh(token_file: str, loaded: Any) -> None:
    """Before every call: the kubelet replaces a projected token before it ends."""
    loaded.api_key = {"authorization": f"Bearer {_token(token_file)}"}


def _with_token(loaded: Any, token_file: str) -> Any:
    """A configuration made afresh: a copy keeps a refresh hook that puts the first token back."""
    fresh = client.Configuration(host=loaded.host)
    fresh.ssl_ca_cert, fresh.verify_ssl = loaded.ssl_ca_cert, loaded.verify_ssl
    fresh.tls_server_name = loaded.tls_server_name
    _refresh(token_file, fresh)
    fresh.refresh_api_key_hook = partial(_refresh, token_file)  # type: ignore[assignment]
    return fresh
