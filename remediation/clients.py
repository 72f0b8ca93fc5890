"""The clients that remediation works with. Only worker-act has `writer`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from detection import clients as detection_clients
from detection.kubernetes import Connection, connect


@dataclass(frozen=True)
class Clients:
    """`writer` None: a process without write rights."""

    reader: Connection
    writer: Connection | None = None


def reading() -> Clients:
    """Raises NotConfigured."""
    return Clients(detection_clients.reader())


def acting() -> Clients:
    """Raises NotConfigured."""
    return Clients(detection_clients.reader(), _writer())


@lru_cache(maxsize=1)
def _writer() -> Connection:
    if settings.KUBE_ACT_KUBECONFIG:
        return connect(kubeconfig=settings.KUBE_ACT_KUBECONFIG)
    return connect(settings.KUBE_CONTEXT, settings.KUBECONFIG, settings.KUBE_ACT_TOKEN_FILE)
