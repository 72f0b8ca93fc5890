"""Settings that are unsafe together, or too weak: the start is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubewise_site.core.config.reading import WrongSetting

LEAST_CHARACTERS = 32
LEAST_DIFFERENT = 10
HERE = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})


def refuse_what_is_unsafe(values: Mapping[str, Any]) -> None:
    """Raises WrongSetting with what to do instead."""
    for name in ("SECRET_KEY", "METRICS_TOKEN"):
        if values[name] and is_weak(values[name]):
            raise WrongSetting(
                f"{name} is too easy to guess: it needs at least {LEAST_CHARACTERS} characters, "
                f"{LEAST_DIFFERENT} of them different. `openssl rand -hex 32` makes one."
            )
    elsewhere = sorted(set(values["ALLOWED_HOSTS"]) - HERE)
    if values["DEBUG"] and elsewhere:
        raise WrongSetting(
            f"DEBUG shows settings and code to everybody, and ALLOWED_HOSTS serves "
            f"{', '.join(elsewhere)}. Set DEBUG=False, or serve 127.0.0.1 and localhost only."
        )


def is_weak(secret: str) -> bool:
    """Whether it can be guessed by trying."""
    return len(secret) < LEAST_CHARACTERS or len(set(secret)) < LEAST_DIFFERENT
