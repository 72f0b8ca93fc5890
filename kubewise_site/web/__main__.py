"""`python -m kubewise_site.web`: KubeWise's web process, in every deployment."""

from __future__ import annotations

import os
from argparse import ArgumentParser

import uvicorn
from django.conf import settings

from kubewise_site.web.open_files import allow_many_open_files

GRACE_SECONDS = 15
HERE = ("127.0.0.1", "::1", "localhost")


def main() -> None:
    parser = ArgumentParser(description="Serve the admin and the API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--access-log", action="store_true")
    given = parser.parse_args()
    if settings.DEBUG and given.host not in HERE:
        parser.error(f"DEBUG shows settings and code to everybody who reaches {given.host}.")
    allow_many_open_files()
    uvicorn.run(
        "kubewise_site.asgi:application",
        host=given.host, port=given.port, workers=given.workers, access_log=given.access_log,
        http="kubewise_site.web.protocol:GuardedHttp", ws="none", loop="asyncio",
        interface="asgi3", lifespan="off", log_config=None, server_header=False,
        # Whose address counts is TRUSTED_PROXIES' matter, and the scheme HTTPS_PROXY_HEADER's.
        proxy_headers=False, timeout_graceful_shutdown=GRACE_SECONDS,
    )  # fmt: skip


if __name__ == "__main__":  # its own worker processes import this module, too
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    main()
