"""The admin's title, colours, styles and navigation (django-unfold's settings)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

Item = dict[str, Any]


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _page(title: str, icon: str, model: str) -> Item:
    """`model` is app_model; the entry is shown to those who may view it."""
    app, _, name = model.partition("_")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
    }


def _group(title: str, *items: Item, collapsible: bool = False) -> Item:
    return {"title": title, "separator": True, "collapsible": collapsible, "items": list(items)}


DASHBOARD = {"title": "Dashboard", "icon": "dashboard", "link": reverse_lazy("admin:index")}
SWITCHES = {
    "title": "Mode and stop switch",
    "icon": "toggle_on",
    "link": reverse_lazy("switches"),
}

NAVIGATION = [
    {"items": [DASHBOARD, _page("Incidents", "siren", "detection_incident"), SWITCHES]},
    _group(
        "Rules",
        _page("Policies", "policy", "remediation_policy"),
        _page("Maintenance windows", "event_busy", "remediation_maintenancewindow"),
        _page("Silences", "notifications_off", "remediation_silence"),
        _page("Acceptances", "task_alt", "remediation_acceptance"),
        _page("Metric queries", "query_stats", "detection_metricquery"),
        {
            "title": "Notifications",
            "icon": "campaign",
            "link": reverse_lazy("notifications"),
            "permission": _may("remediation.view_delivery"),
        },
        _page("Schedules", "schedule", "django_celery_beat_periodictask"),
    ),
    _group(
        "History",
        _page("Attempts", "build", "remediation_attempt"),
        _page("Approvals", "how_to_reg", "remediation_approval"),
        _page("Transitions", "timeline", "detection_transition"),
        _page("Modes", "tune", "remediation_mode"),
        _page("Stop switches", "pan_tool", "remediation_stopswitch"),
        _page("Messages", "mail", "remediation_delivery"),
        _page("Audit trail", "fact_check", "remediation_auditentry"),
        _page("Budgets", "savings", "remediation_budget"),
        _page("Plans", "list_alt", "remediation_plan"),
        _page("Model calls", "neurology", "remediation_llmcall"),
        collapsible=True,
    ),
    _group(
        "What is seen",
        _page("Sources", "visibility", "detection_sourcestate"),
        _page("Heartbeats", "ecg_heart", "detection_heartbeat"),
        _page("Healthy revisions", "verified", "detection_workloadbaseline"),
        _page("Model versions", "model_training", "detection_modelversion"),
        _page("False positives", "thumb_down", "detection_anomalyfeedback"),
        _page("Clusters", "hub", "detection_cluster"),
        collapsible=True,
    ),
    _group(
        "Access",
        _page("Users", "person", "auth_user"),
        _page("Groups", "group", "auth_group"),
        _page("API tokens", "key", "access_apitoken"),
        collapsible=True,
    ),
]


def _tab(title: str, state: str) -> Item:
    """One view of the list of incidents; `state` is what its filter takes."""
    return {
        "title": title,
        "link": lambda request: f"{reverse('admin:detection_incident_changelist')}?state={state}",
        "active": lambda request: request.GET.get("state", "open") == state,
    }


TABS = [
    {
        "models": ["detection.incident"],
        "items": [
            _tab("Open", "open"),
            _tab("Needs me", "waiting"),
            _tab("Accepted", "accepted"),
            _tab("Over", "over"),
            _tab("All", "all"),
        ],
    }
]

# Tailwind's sky; 600 is darker, as white text stands on it: 4.5 to 1 at least.
PRIMARY = {
    "50": "oklch(97.7% .013 236.62)",
    "100": "oklch(95.1% .026 236.824)",
    "200": "oklch(90.1% .058 230.902)",
    "300": "oklch(82.8% .111 230.318)",
    "400": "oklch(74.6% .16 232.661)",
    "500": "oklch(68.5% .169 237.323)",
    "600": "oklch(52% .14 242.5)",
    "700": "oklch(50% .134 242.749)",
    "800": "oklch(44.3% .11 240.79)",
    "900": "oklch(39.1% .09 240.876)",
    "950": "oklch(29.3% .066 243.157)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "KubeWise",
    "SITE_HEADER": "KubeWise",
    "SITE_SYMBOL": "monitor_heart",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("kubewise/favicon.svg"),
        }
    ],
    "COLORS": {"primary": PRIMARY},
    "STYLES": [lambda request: static("kubewise/kubewise.css")],
    "SCRIPTS": [lambda request: static("kubewise/sending.js")],
    "DASHBOARD_CALLBACK": "kubewise_site.console.dashboard.callback",
    "LOGIN": {"form": "kubewise_site.core.access.failed_logins.LoginForm"},
    "TABS": TABS,
    "SIDEBAR": {"show_search": False, "navigation": NAVIGATION},
}
