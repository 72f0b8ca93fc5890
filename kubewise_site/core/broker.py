"""Where the broker and the shared cache are when no one says otherwise."""

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

# The longest path that a Unix socket may have is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH = 100


def socket_path(data_dir: Path) -> Path:
    """The socket of the broker that `make run` starts; short also in a deep directory."""
    path = data_dir / "broker.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"kubewise-{digest}.sock"


def default_url(data_dir: Path) -> str:
    return f"redis+socket://{socket_path(data_dir)}"


def cache_url(broker_url: str) -> str:
    """The same server's database 1, in the form that redis-py and Django's cache take."""
    return _in_database(broker_url, "1")


def queue_url(broker_url: str) -> str:
    """The broker's own database, where Celery keeps its queues, in the form of redis-py."""
    own = urlsplit(broker_url).path.strip("/")
    return _in_database(broker_url, own if own.isdigit() else "0")


def _in_database(broker_url: str, number: str) -> str:
    parts = urlsplit(broker_url)
    if parts.scheme in ("redis+socket", "unix"):
        return f"unix://{parts.path}?db={number}"
    return urlunsplit((parts.scheme, parts.netloc, f"/{number}", parts.query, ""))
