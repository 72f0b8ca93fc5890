"""The text of .env.example: `make env-example` writes it, a test compares it."""

from __future__ import annotations

from collections.abc import Iterable

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS
from kubewise_site.core.config.setting import Setting

PATH = BASE_DIR / ".env.example"
HEAD = """\
# Every setting of KubeWise. Copy to .env and change what you need; all are optional.
# A secret may be read from a file instead: NAME_FILE=/run/secrets/name.
"""


def example(settings: Iterable[Setting] = SETTINGS) -> str:
    return "\n".join([HEAD, *map(_entry, settings)])


def _entry(setting: Setting) -> str:
    return (
        f"# {setting.why}\n# Allowed: {setting.kind.allowed}.\n#{setting.name}={setting.default}\n"
    )


if __name__ == "__main__":
    PATH.write_text(example())
