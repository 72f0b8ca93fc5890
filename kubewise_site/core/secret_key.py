"""The secret key of an installation that sets none."""

import os
import secrets
import tempfile
from pathlib import Path

from kubewise_site.core.config.reading import WrongSetting
from kubewise_site.core.config.unsafe import is_weak

OWNER_ALONE = 0o600


def stored_secret_key(directory: Path) -> str:
    """Made at first start, kept 0600; processes that start together agree on the first one.

    Raises WrongSetting where the file holds no strong key any more.
    """
    path = directory / "secret_key"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _link_new_key(directory, path)
    _close_to_others(path)
    key = path.read_text().strip()
    if is_weak(key):
        raise WrongSetting(f"the key in {path} is too short. Delete the file: a new one is made.")
    return key


def _close_to_others(path: Path) -> None:
    """A copy or a restored backup is often readable by all."""
    if path.stat().st_mode & 0o777 == OWNER_ALONE:
        return
    try:
        path.chmod(OWNER_ALONE)
    except OSError as error:
        raise WrongSetting(f"{path} is readable by others: chmod 600 it ({error}).") from None


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
