"""The kinds of settings."""

from __future__ import annotations

from kubewise_site.core.config import parsers
from kubewise_site.core.config.label_matchers import label_matchers
from kubewise_site.core.config.setting import SettingKind


def text(allowed: str) -> SettingKind[str]:
    return SettingKind(parsers.text, allowed)


def whole(unit: str, low: int, high: int) -> SettingKind[int]:
    return SettingKind(parsers.number(low, high), f"{unit}, {low} to {high}")


def listed(allowed: str) -> SettingKind[tuple[str, ...]]:
    return SettingKind(parsers.names, allowed)


SECONDS = whole("whole seconds", 1, 86400)
DELAY = whole("whole seconds", 0, 86400)
FROM_ONE = SettingKind(parsers.number(1, 1_000_000), "a whole number from 1")
AMOUNT = SettingKind(parsers.amount, "a number, 0 or more")
FACTOR = SettingKind(parsers.factor, "a number above 0")
OPTIONAL_NUMBER = SettingKind(parsers.optional_number, "a number, or empty")
YES_NO = SettingKind(parsers.switch, "True or False")
MODE = SettingKind(parsers.upper("MANUAL", "AUTO"), "MANUAL or AUTO")
PROVIDER = SettingKind(parsers.lower("gemini", "openai", "none"), "gemini, openai or none")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = SettingKind(parsers.upper(*LEVELS), ", ".join(LEVELS))
LOG_FORMAT = SettingKind(parsers.upper("CONSOLE", "JSON"), "CONSOLE or JSON")

KEY = text("a key, or empty")
MODEL = text("a model's name")
FILE = text("a file's path")
OPTIONAL_FILE = text("a file's path, or empty")
EXISTING_FILE = SettingKind(parsers.existing_file, OPTIONAL_FILE.allowed)

URL = SettingKind(parsers.web_address, "an http:// or https:// address, or empty")
HEADER = SettingKind(parsers.header, "the name of a header, or empty")
HEADERS = SettingKind(parsers.headers, "Name=value pairs, comma-separated")
MATCHERS = SettingKind(
    label_matchers,
    'label matchers as in PromQL with their values in double quotes, such as cluster="prod-1" or '
    'cluster="prod-1",region=~"eu|us" (in a shell: \'cluster="prod-1"\'), or empty',
)
NETWORKS = SettingKind(parsers.networks, "networks such as 10.0.0.0/8, comma-separated")
BROKER = SettingKind(
    parsers.address("redis", "rediss", "redis+socket", "unix"),
    "redis://, rediss://, redis+socket:// or empty",
)
DATABASE = SettingKind(
    parsers.address("sqlite", "postgres", "postgresql"), "sqlite:/// or postgres://, or empty"
)

NAMESPACE = SettingKind(parsers.namespace, "a namespace's name")
NAMESPACES = SettingKind(parsers.namespaces, "names of namespaces (no patterns), comma-separated")
ACTIONS = SettingKind(parsers.names, "catalogue names, comma-separated")
