"""The file for `kubectl apply -f` and the kustomize base are what the chart renders."""

from __future__ import annotations

import subprocess

import pytest

from kubewise_site.core.config.reading import BASE_DIR
from tests.install import plain
from tests.install.helm import parsed

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def test_the_plain_file_is_the_rendered_chart() -> None:
    assert plain.FILE.read_text() == plain.text()


def test_the_kustomize_base_has_the_same_objects() -> None:
    command = ["kubectl", "kustomize", str(BASE_DIR / "deploy" / "k8s")]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def key(one: dict) -> tuple[str, str]:
        return one["kind"], one["metadata"]["name"]

    expected = parsed(plain.FILE.read_text())
    assert sorted(parsed(built), key=key) == sorted(expected, key=key)
