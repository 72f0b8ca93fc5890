"""Helm from its Go module, in the cache in which the control plane is: `python -m
tests.controlplane build` makes it. Go's checksum database vouches for the version.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kubewise_site.core.config.reading import BASE_DIR
from tests.controlplane import build

VERSION = "v3.21.4"
MODULE = "helm.sh/helm/v3"
CHART = BASE_DIR / "deploy" / "helm" / "kubewise"
KUBERNETES = build.pinned().kubernetes
Object = dict[str, Any]


class HelmError(RuntimeError):
    """Helm refused; the message is its own."""


def program() -> Path:
    """The built program; it is built where the cache has none of this version."""
    found = build.cache_dir(f"helm-{VERSION}") / "helm"
    if not found.is_file():
        _build(found.parent)
    return found


def _build(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    major, minor, _ = KUBERNETES.removeprefix("v").split(".", 2)
    values = {f"{MODULE}/internal/version.version": VERSION}
    for package in ("chartutil", "lint/rules"):
        values |= {
            f"{MODULE}/pkg/{package}.k8sVersionMajor": major,
            f"{MODULE}/pkg/{package}.k8sVersionMinor": minor,
        }
    flags = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in values.items())])
    own = {"CGO_ENABLED": "0", "GOBIN": str(directory), "GOWORK": "off"}
    command = [
        build.go(),
        "install",
        "-trimpath",
        "-ldflags",
        flags,
        f"{MODULE}/cmd/helm@{VERSION}",
    ]
    subprocess.run(command, env=os.environ | own, check=True, cwd=directory)


def helm(*arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    """What it printed. Raises HelmError with what it complained of."""
    done = subprocess.run(
        [program(), *arguments], input=stdin, capture_output=True, text=True, check=False,
        env=os.environ | dict(environment or {}),
    )  # fmt: skip
    if done.returncode:
        raise HelmError(done.stderr + done.stdout)
    return done.stdout


def rendered(values: Mapping[str, Any], release: str = "kw", namespace: str = "kubewise") -> str:
    """The manifests of the chart with these values, as text."""
    return helm("template", release, str(CHART), "-n", namespace, "-f", "-", stdin=_text(values))


def objects(
    values: Mapping[str, Any], release: str = "kw", namespace: str = "kubewise"
) -> list[Object]:
    return parsed(rendered(values, release, namespace))


@cache
def form(name: str) -> tuple[Object, ...]:
    """The objects of a documented form (forms.py)."""
    from tests.install.forms import FORMS

    return tuple(objects(FORMS[name]))


def parsed(text: str) -> list[Object]:
    return [one for one in yaml.safe_load_all(text) if one]


def of_kind(found: Iterable[Object], kind: str) -> list[Object]:
    return [one for one in found if one["kind"] == kind]


def _text(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values))
