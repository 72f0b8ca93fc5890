"""What the operator writes: settings, a kubeconfig."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import yaml

from detection.kubernetes.client import NotConfigured, connect, has_current_context
from kubewise_site.core.config.reading import SETTINGS, WrongSetting, read_settings
from tests.fuzz.mutation import mutated
from tests.fuzz.properties import hold
from tests.fuzz.target import target

FOLDER = Path(tempfile.mkdtemp(prefix="kubewise-fuzz-"))
# A `command` would be run: what a kubeconfig runs is the operator's own word.
RUNS = ("exec", "auth-provider", "cmd-path", "command")
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "a",
    "clusters": [
        {"name": "c", "cluster": {"server": "https://10.0.0.1:6443", "tls-server-name": "x"}}
    ],
    "users": [{"name": "u", "user": {"token": "t", "username": "n", "password": "p"}}],
    "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
}


@target("settings", longest=400)
def settings(data: bytes) -> None:
    text = data[1:].decode("utf-8", "replace").replace("\x00", "")
    name = SETTINGS[data[0] % len(SETTINGS)].name if data else "MODE"
    try:
        read_settings({name: text})
    except WrongSetting as error:
        hold(name in str(error) or "PROMETHEUS" in str(error), "it does not name the setting")


@target("kubeconfig", longest=64)
def kubeconfig(data: bytes) -> None:
    _connected(yaml.safe_dump(mutated(KUBECONFIG, data)).encode())


@target("kubeconfig text", longest=1024)
def kubeconfig_text(data: bytes) -> None:
    if not any(word.encode() in data for word in RUNS):
        _connected(data)


def _connected(content: bytes) -> None:
    path = FOLDER / "config"
    path.write_bytes(content)
    has_current_context(str(path))
    for context in ("", "a"):
        with contextlib.suppress(NotConfigured):
            connect(context, str(path))
