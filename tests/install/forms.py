"""The forms of installation that docs/install.md describes, by their values."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

TRIAL: Values = {
    "form": "distributed",
    "existingSecret": "kubewise",
    "database": {"builtin": True},
    "broker": {"builtin": True},
}
PRODUCTION: Values = {
    "form": "distributed",
    "existingSecret": "kubewise",
    "settings": {
        "PROMETHEUS_URL": "https://prometheus.example.com",
        "HTTPS": "True",
        "HTTPS_PROXY_HEADER": "X-Forwarded-Proto",
        "TRUSTED_PROXIES": "1",
    },
    "secrets": {"METRICS_TOKEN": {"existingSecret": "kubewise"}},
    "rights": {"act": {"enabled": True, "namespaces": ["shop", "payments"], "policy": True}},
    "ingress": {"enabled": True, "host": "kubewise.example.com", "tlsSecret": "kubewise-tls"},
    "networkPolicy": {"enabled": True},
}
OPENSHIFT: Values = {
    "standalone": {"fsGroup": None},
    "database": {"runAsUser": None, "fsGroup": None},
    "broker": {"fsGroup": None},
}
EVERYTHING: Values = PRODUCTION | {
    "database": {"builtin": True},
    "broker": {"builtin": True},
    "train": {"enabled": True, "existingClaim": "models"},
    "rights": {"act": {"enabled": True, "clusterWide": True, "nodes": True, "policy": True}},
    "secrets": {
        name: {"existingSecret": "kubewise"}
        for name in (
            "GEMINI_API_KEY", "OPENAI_API_KEY", "PROMETHEUS_TOKEN", "PROMETHEUS_HEADERS",
            "NOTIFY_URLS", "METRICS_TOKEN",
        )
    },
    "httpRoute": {"enabled": True, "host": "kw.example.com", "parentRefs": [{"name": "public"}]},
    "podMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "autoscaling": {"enabled": True},
    "global": {"imageRegistry": "registry.example.com", "imagePullSecrets": ["pull"]},
}  # fmt: skip

FORMS: dict[str, Values] = {
    "standalone": {},
    "trial": TRIAL,
    "production": PRODUCTION,
    "openshift": OPENSHIFT,
    "openshift-trial": TRIAL | OPENSHIFT | {
        "database": {"builtin": True, "runAsUser": None, "fsGroup": None},
        "broker": {"builtin": True, "fsGroup": None},
    },
    "everything": EVERYTHING,
}  # fmt: skip
