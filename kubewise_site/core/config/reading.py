"""Reads the table, once and strictly, from the environment and .env.

A wrong value stops the start with a sentence that names variable, value and what is allowed. The
environment is read in this module alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import environ

from kubewise_site.core.config import settings_table
from kubewise_site.core.config.setting import Setting

BASE_DIR = Path(__file__).resolve().parents[3]
SETTINGS: tuple[Setting, ...] = tuple(
    replace(row, name=name)
    for name, row in vars(settings_table).items()
    if isinstance(row, Setting)
)
NAMES = frozenset(setting.name for setting in SETTINGS)


class WrongSetting(ValueError):
    """A variable's value is not one of those allowed."""


def read_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """Name to parsed value for the whole table. Raises WrongSetting."""
    values = {setting.name: _value(setting, environment) for setting in SETTINGS}
    port = values["PROMETHEUS_PORT"]
    if port and "PROMETHEUS_URL" not in environment:
        values["PROMETHEUS_URL"] = f"http://localhost:{_port(port)}"
    return values


def load() -> dict[str, Any]:
    """`read` of the process's environment; .env fills in what the environment leaves open."""
    environ.Env.read_env(os.environ.get("KUBEWISE_ENV_FILE", BASE_DIR / ".env"))
    return read_settings(os.environ)


def given(name: str, otherwise: str) -> str:
    """The text that the environment has for a setting of the table. Raises KeyError for others."""
    if name not in NAMES:
        raise KeyError(name)
    return os.environ.get(name, otherwise)


def in_cluster() -> bool:
    """Kubernetes gives every pod this variable."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def _value(setting: Setting, environment: Mapping[str, str]) -> Any:
    raw = _raw(setting.name, environment)
    text = setting.default if raw is None else raw.strip()
    if not text and setting.name != "PROMETHEUS_URL":
        text = setting.default
    try:
        return setting.kind.parse(text)
    except ValueError:
        shown = "(not shown)" if setting.secret else repr(text)
        allowed = setting.kind.allowed
        raise WrongSetting(f"{setting.name} is {shown}, but must be: {allowed}.") from None


def _raw(name: str, environment: Mapping[str, str]) -> str | None:
    """The variable, or the content of the file that NAME_FILE names."""
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise WrongSetting(f"{name}_FILE is {path!r}, but can't be read: {error}.") from None
    return environment.get(name)


def _port(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise WrongSetting(f"PROMETHEUS_PORT is {value!r}, but must be: 1 to 65535.")
    return int(value)
