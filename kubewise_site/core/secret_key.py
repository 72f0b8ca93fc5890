"""The secret key of an installation that sets none."""

import os
import secrets
import tempfile
from pathlib import Path


def stored_secret_key(directory: Path) -> str:
    """Made at first start, mode 0600; processes that start together agree on the first one."""
    path = directory / "secret_key"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _link_new_key(directory, path)
    return path.read_text()


def _link_new_key(directory: Path, path: Path) -> None:
    """`link` fails where the file exists, so a whole key appears once or not at all."""
    handle, temporary = tempfile.mkstemp(dir=directory)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)
