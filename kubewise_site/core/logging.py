"""Structured logs: one event, key-value pairs; the standard library's records go the same way."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog

from kubewise_site.core.redaction import redact_all


def _redacted(logger: Any, method: str, event: Any) -> Any:
    """Error messages quote what a server said; exceptions quote whatever was at hand."""
    return redact_all(event)


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _redacted,
]


def configure(level: str, form: str) -> None:
    """`form` is CONSOLE or JSON."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "JSON"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_config(level, renderer))


def _config(level: str, renderer: Any) -> dict[str, Any]:
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        "foreign_pre_chain": SHARED,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            name: {"level": "WARNING"}
            for name in ("urllib3", "kombu", "celery.worker.strategy", "celery.app.trace")
        },
    }
