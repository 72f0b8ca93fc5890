"""The clients that remediation works with. Only worker-act has `writer`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from detection import clients as detection_clients
from detection.kubernetes.client import Connection, NotConfigured


@dataclass(frozen=True)
class Clients:
    """`writer` None: no write rights; `why` says what is lacking where there should be some."""

    reader: Connection
    writer: Connection | None = None
    why: str = ""


def reading() -> Clients:
    """Raises NotConfigured."""
    return Clients(detection_clients.reader())


def acting() -> Clients:
    """With a writer, or the reason why there is none. Raises NotConfigured without a reader."""
    reader = detection_clients.reader()
    try:
        return Clients(reader, _writer())
    except NotConfigured as error:
        return Clients(reader, why=str(error))


@lru_cache(maxsize=1)
def _writer() -> Connection:
    """As careful as the reader: a kubeconfig that lies around is never written through."""
    own, token = settings.KUBE_ACT_KUBECONFIG, settings.KUBE_ACT_TOKEN_FILE
    writer = detection_clients.connection(own, token)
    reader = detection_clients.reader()
    if _place(writer) != _place(reader):
        raise NotConfigured(
            f"the acting account is of {_place(writer)}, the reading one of {_place(reader)}"
        )
    return writer


def _place(connection: Connection) -> str:
    """Scheme, host and port of the API server."""
    parts = urlsplit(connection.account.server)
    return f"{parts.scheme}://{parts.netloc}"
