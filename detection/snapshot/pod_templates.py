"""Pod templates: what counts as the same one, and what changed between two.

Values of environment variables are never shown: they may hold secrets that nobody marked as such.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from detection.kubernetes.decoding import without_nulls
from kubewise_site.core.redaction import is_plain, names_a_secret, redact_all

Template = Mapping[str, Any]
NOISE_LABELS = frozenset({"pod-template-hash", "controller-revision-hash"})
NOISE_ANNOTATIONS = frozenset({"kubectl.kubernetes.io/restartedAt"})
NOISE_METADATA = frozenset({"creationTimestamp", "name", "namespace"})
MOST_LINES = 40
SHOWN_LENGTH = 200


def normalized(raw: bytes) -> Template:
    """The template without what a plain restart or a controller writes into it.

    Takes a pod template, or the `data` of a ControllerRevision. What can't be read is empty.
    """
    try:
        template = json.loads(bytes(raw) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return _without_noise(without_nulls(template)) if isinstance(template, dict) else {}


def of_revision(raw: bytes) -> Template:
    """The template in a ControllerRevision's `data`."""
    try:
        template = json.loads(bytes(raw) or b"{}")["spec"]["template"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return {}
    return _without_noise(without_nulls(template)) if isinstance(template, dict) else {}


def _without_noise(template: dict[str, Any]) -> Template:
    meta = _dict(template.get("metadata"))
    labels = _without(_dict(meta.get("labels")), NOISE_LABELS)
    annotations = _without(_dict(meta.get("annotations")), NOISE_ANNOTATIONS)
    rest = _without(meta, NOISE_METADATA | {"labels", "annotations"})
    metadata = rest | {"labels": labels, "annotations": annotations}
    kept = {key: value for key, value in template.items() if key not in ("metadata", "$patch")}
    found = _without_empty(kept | {"metadata": metadata})
    return found if isinstance(found, dict) else {}


def _without_empty(value: Any) -> Any:
    """An empty map or list is the same as none, except for volumes such as `emptyDir: {}`."""
    if isinstance(value, list):
        return [_without_empty(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _without_empty(inner)
        for key, inner in value.items()
        if inner not in ({}, []) or key in ("emptyDir", "namespaceSelector", "podSelector")
    }
    return {key: inner for key, inner in kept.items() if key != "metadata" or inner}


def template_hash(template: Template) -> str:
    """64 hex digits that are equal for equal templates."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _without(found: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in keys}


def spec_of(template: Template) -> dict[str, Any]:
    return _dict(template.get("spec"))


def container_of(template: Template, name: str) -> dict[str, Any]:
    """The container or init container of that name; empty where there is none."""
    spec = spec_of(template)
    for kind in ("containers", "initContainers"):
        for container in _list(spec.get(kind)):
            if isinstance(container, dict) and container.get("name") == name:
                return container
    return {}


def image_of(template: Template, container: str) -> str:
    return str(container_of(template, container).get("image") or "")


def quantity_of(template: Template, container: str, kind: str, resource: str) -> str:
    """`kind` is `requests` or `limits`; '' where it is not set."""
    resources = _dict(container_of(template, container).get("resources"))
    return str(_dict(resources.get(kind)).get(resource) or "")


def container_names(template: Template) -> list[str]:
    spec = spec_of(template)
    both = [*_list(spec.get("containers")), *_list(spec.get("initContainers"))]
    return [str(c.get("name")) for c in both if isinstance(c, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def template_changes(before: Template, after: Template) -> tuple[str, ...]:
    """Readable lines, `containers[app].image: a → b`, at most 40 of them."""
    lines = list(_changes("", _keyed(before), _keyed(after)))
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], f"… and {more} more") if more > 0 else tuple(lines)


def _changes(path: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if _is_map(before) and _is_map(after):
        old, new = before or {}, after or {}
        for key in sorted(old.keys() | new.keys()):
            inner = f"{path}{key}" if key.startswith("[") else f"{path}.{key}".lstrip(".")
            yield from _changes(inner, old.get(key), new.get(key))
        return
    yield f"{path.removeprefix('spec.')}: {_shown(path, before)} → {_shown(path, after)}"


def _is_map(value: Any) -> bool:
    """None counts as an empty map, so that even a wholly new part is shown leaf by leaf."""
    return value is None or isinstance(value, dict)


def _shown(path: str, value: Any) -> str:
    if value is None:
        return "none"
    if ".env[" in path:
        return "set"
    if names_a_secret(path) and not is_plain(str(value)):
        return "set"
    value = redact_all(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def _keyed(value: Any) -> Any:
    """Lists of named things as maps by name, so that a moved item is no change."""
    if isinstance(value, dict):
        return {str(key): _keyed(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(item, dict) and "name" in item for item in value):
        return {f"[{item['name']}]": _hidden(_keyed(item)) for item in value}
    return [_keyed(item) for item in value]


def _hidden(item: dict[str, Any]) -> dict[str, Any]:
    """An environment variable: its value only as a digest, so that a change is still seen."""
    if "value" not in item or set(item) - {"name", "value", "valueFrom"}:
        return item
    digest = hashlib.sha256(str(item["value"]).encode("utf-8", "surrogatepass")).hexdigest()
    return item | {"value": digest}
