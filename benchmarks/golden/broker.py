"""The broker in memory: what was published, read as a worker reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.golden import product

Taken = tuple[str, Any]


def use() -> Any:
    """The application with a broker in memory. Before anything is published: pools are kept."""
    app = product.celery_app()
    app.conf.broker_url = "memory://"
    return app


def take(app: Any) -> Iterator[Taken]:
    """(queue, message), one of each queue in turn, until all are empty."""
    queues = sorted({options["queue"] for options in app.conf.task_routes.values()})
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        while found := [(q, m) for q in queues if (m := channel.basic_get(q, no_ack=True))]:
            yield from found


def message_record(queue: str, message: Any) -> dict[str, Any]:
    args, kwargs, embed = json.loads(message.body)
    headers = message.headers
    chain = [(s["task"], s["args"], s["options"].get("queue")) for s in embed["chain"] or ()]
    return {
        "queue": queue, "task": headers["task"], "args": args, "kwargs": kwargs,
        "then": chain[::-1], "headers": sorted(headers), "expires": headers["expires"],
        "timelimit": headers["timelimit"], "ignore_result": headers["ignore_result"],
        "content": (message.content_type, message.content_encoding),
        "properties": sorted(message.properties),
    }  # fmt: skip
