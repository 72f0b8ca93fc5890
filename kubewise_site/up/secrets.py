"""Which process holds which secret; all others get it empty. Compose says the same.

An empty variable counts as set, so that neither the shell's value nor that of .env takes its place.
"""

from __future__ import annotations

MODEL = frozenset({"GEMINI_API_KEY", "OPENAI_API_KEY"})
READING = frozenset({"KUBECONFIG", "KUBE_READ_KUBECONFIG", "KUBE_READ_TOKEN_FILE"})
ACTING = frozenset({"KUBE_ACT_KUBECONFIG", "KUBE_ACT_TOKEN_FILE"})
METRICS = frozenset({"PROMETHEUS_TOKEN", "PROMETHEUS_HEADERS"})
CHATS = frozenset({"NOTIFY_URLS"})
VISITORS = frozenset({"SECRET_KEY", "METRICS_TOKEN"})
RECORDS = frozenset({"DATABASE_URL", "CELERY_BROKER_URL"})
ALL = MODEL | READING | ACTING | METRICS | CHATS | VISITORS | RECORDS

HOLDERS = {
    "web": RECORDS | VISITORS | METRICS | CHATS,  # it previews queries and sends test messages
    "worker-detect": RECORDS | READING | METRICS,
    "worker-analyze": RECORDS | READING | METRICS,
    "worker-consult": RECORDS | MODEL | METRICS,  # METRICS: suggested queries are tried
    "worker-act": RECORDS | READING | ACTING | METRICS | MODEL | CHATS,  # MODEL: verification
    "beat": RECORDS,
    "guide": RECORDS,
}


def withheld(program: str) -> dict[str, str]:
    """Variables that the program gets empty, with those that name a file for one (NAME_FILE)."""
    names = ALL - HOLDERS.get(program, frozenset())
    return {name: "" for secret in sorted(names) for name in (secret, f"{secret}_FILE")}
