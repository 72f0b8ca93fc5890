"""The stop switch in the cluster itself: an annotation on KubeWise's own namespace.

    kubectl annotate namespace kubewise kubewise.io/stop="why"

It only stops: no value of it releases what was stopped in KubeWise. Whatever cannot be read, or is
not what was asked for, means stopped. A namespace that the API server says is not there, and one
without the annotation, say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from detection.kubernetes.client import Connection, KubernetesError, NotFound
from kubewise_site.core.foreign_text import safe

STOP = "kubewise.io/stop"
RUNNING = "false"  # the one value that counts as no annotation
SECONDS = 10.0
LONGEST = 200


def reason_to_stop(connection: Connection) -> str:
    """Why the cluster says stop, read now; '' where it does not."""
    name = settings.KUBEWISE_NAMESPACE
    try:
        found = _annotation(connection.within(SECONDS), name)
    except (KubernetesError, ValueError, LookupError, TypeError, RecursionError) as error:
        why = safe(str(error))[:LONGEST]
        return f"{STOP} on namespace {name} can't be read, which counts as stopped: {why}"
    if found == RUNNING:
        return ""
    return f"the annotation {STOP} on namespace {name} says {safe(found)[:LONGEST]!r}"


def _annotation(connection: Connection, name: str) -> str:
    """RUNNING where it is absent. Raises what makes it unreadable."""
    try:
        answer = json.loads(connection.get(f"/api/v1/namespaces/{name}"))
    except NotFound as error:
        if _is_said_of(error.body, name):
            return RUNNING
        raise
    metadata = answer["metadata"]
    if answer["kind"] != "Namespace" or metadata["name"] != name:
        raise ValueError("another object was answered")
    annotations = _mapping(metadata.get("annotations"))
    return _text(annotations[STOP]) if STOP in annotations else RUNNING


def _is_said_of(status: Any, name: str) -> bool:
    """A 404 of the API server about this very namespace, and not of something before it."""
    details = status.get("details") if isinstance(status, Mapping) else None
    return isinstance(details, Mapping) and (
        (status.get("kind"), status.get("reason")) == ("Status", "NotFound")
        and (details.get("kind"), details.get("name")) == ("namespaces", name)
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise TypeError("the annotations are no mapping")
    return value or {}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("the annotation is no text")
    return value
