"""Which ConfigMaps and Secrets a pod template names. Neither is read for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from detection.snapshot.pod_templates import Template, spec_of


def configmaps_of(template: Template) -> frozenset[str]:
    """The ConfigMaps that a template names: volumes, projected ones, env and envFrom."""
    return frozenset(_references(spec_of(template), "configMap", "configMapRef", "configMapKeyRef"))


def secrets_of(template: Template) -> frozenset[str]:
    """The Secrets that a template names; their names alone."""
    return frozenset(_references(spec_of(template), "secret", "secretRef", "secretKeyRef"))


def new_references(before: Template, after: Template) -> tuple[str, ...]:
    """ConfigMaps and Secrets that only the newer template names."""
    found = [f"ConfigMap {name}" for name in configmaps_of(after) - configmaps_of(before)]
    found += [f"Secret {name}" for name in secrets_of(after) - secrets_of(before)]
    return tuple(sorted(found))


def _references(value: Any, *keys: str) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner, *keys)
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if key in keys and isinstance(inner, Mapping):
            name = inner.get("name") or inner.get("secretName")
            if isinstance(name, str):
                yield name
        else:
            yield from _references(inner, *keys)
