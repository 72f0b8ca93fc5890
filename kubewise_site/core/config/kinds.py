"""The kinds of settings."""

from __future__ import annotations

from kubewise_site.core.config import parsers
from kubewise_site.core.config.setting import Kind


def text(allowed: str) -> Kind[str]:
    return Kind(parsers.text, allowed)


def whole(unit: str, low: int, high: int) -> Kind[int]:
    return Kind(parsers.number(low, high), f"{unit}, {low} to {high}")


def listed(allowed: str) -> Kind[tuple[str, ...]]:
    return Kind(parsers.names, allowed)


SECONDS = whole("whole seconds", 1, 86400)
DELAY = whole("whole seconds", 0, 86400)
FROM_ONE = Kind(parsers.number(1, 1_000_000), "a whole number from 1")
AMOUNT = Kind(parsers.amount, "a number, 0 or more")
FACTOR = Kind(parsers.factor, "a number above 0")
OPTIONAL_NUMBER = Kind(parsers.optional_number, "a number, or empty")
YES_NO = Kind(parsers.switch, "True or False")
MODE = Kind(parsers.upper("MANUAL", "AUTO"), "MANUAL or AUTO")
PROVIDER = Kind(parsers.lower("gemini", "openai", "none"), "gemini, openai or none")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = Kind(parsers.upper(*LEVELS), ", ".join(LEVELS))
LOG_FORMAT = Kind(parsers.upper("CONSOLE", "JSON"), "CONSOLE or JSON")

KEY = text("a key, or empty")
MODEL = text("a model's name")
FILE = text("a file's path")
OPTIONAL_FILE = text("a file's path, or empty")
EXISTING_FILE = Kind(parsers.existing_file, OPTIONAL_FILE.allowed)

URL = Kind(parsers.web_address, "an http:// or https:// address, or empty")
HEADERS = Kind(parsers.headers, "Name=value pairs, comma-separated")
NETWORKS = Kind(parsers.networks, "networks such as 10.0.0.0/8, comma-separated")
BROKER = Kind(
    parsers.address("redis", "rediss", "redis+socket", "unix"),
    "redis://, rediss://, redis+socket:// or empty",
)
DATABASE = Kind(
    parsers.address("sqlite", "postgres", "postgresql"), "sqlite:/// or postgres://, or empty"
)

NAMESPACE = Kind(parsers.namespace, "a namespace's name")
NAMESPACES = Kind(parsers.namespaces, "names of namespaces (no patterns), comma-separated")
ACTIONS = Kind(parsers.names, "catalogue names, comma-separated")
