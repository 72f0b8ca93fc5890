"""Who may do what: four groups, each with all that the one before it may.

viewer looks; approver says yes and no, and may always pull the stop switch; operator sets up;
admin gives access. A migration makes the groups; members need the staff flag to enter the admin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

VIEWER, APPROVER, OPERATOR, ADMIN = GROUPS = ("viewer", "approver", "operator", "admin")
SEEN = (
    "detection.incident", "detection.transition", "detection.cluster", "detection.metricquery",
    "detection.sourcestate", "detection.heartbeat", "detection.workloadbaseline",
    "detection.modelversion", "detection.anomalyfeedback",
    "remediation.policy", "remediation.maintenancewindow", "remediation.silence",
    "remediation.acceptance", "remediation.plan", "remediation.approval",
    "remediation.attempt", "remediation.mode",
    "remediation.stopswitch", "remediation.budget", "remediation.delivery",
    "remediation.auditentry", "remediation.llmcall", "detection.modelversion",
    "detection.anomalyfeedback", "django_celery_beat.periodictask",
    "django_celery_beat.intervalschedule", "django_celery_beat.crontabschedule",
)  # fmt: skip
EDITED = (
    "detection.metricquery", "remediation.policy", "remediation.maintenancewindow",
    "remediation.silence", "django_celery_beat.intervalschedule",
    "django_celery_beat.crontabschedule",
)  # fmt: skip
ACCESS = ("auth.user", "auth.group", "access.apitoken")
OWN: Mapping[str, tuple[str, ...]] = {
    VIEWER: (),
    APPROVER: (
        "remediation.plan.approve_plan",
        "remediation.stopswitch.pull_stop",
        "detection.incident.analyze_incident",
        "detection.incident.comment_incident",
        "detection.anomalyfeedback.add_anomalyfeedback",
    ),
    OPERATOR: (
        "remediation.acceptance.add_acceptance",
        "remediation.acceptance.delete_acceptance",
        "remediation.attempt.remediate",
        "remediation.mode.set_mode",
        "remediation.delivery.send_test",
        "detection.modelversion.use_modelversion",
        "django_celery_beat.periodictask.change_periodictask",
    ),
    ADMIN: (),
}


def permissions_of(group: str) -> list[tuple[str, str, str]]:
    """(app, model, codename) of every permission of the group, those of lesser ones included."""
    upto = GROUPS[: GROUPS.index(group) + 1]
    return [_split(item) for name in upto for item in (*OWN[name], *_models(name))]


def _models(group: str) -> Iterator[str]:
    verbs = {VIEWER: (SEEN, ("view",)), OPERATOR: (EDITED, ("add", "change", "delete")),
             ADMIN: (ACCESS, ("view", "add", "change", "delete"))}  # fmt: skip
    models, names = verbs.get(group, ((), ()))
    for model in models:
        for verb in names:
            yield f"{model}.{verb}_{model.partition('.')[2]}"


def _split(text: str) -> tuple[str, str, str]:
    app, model, codename = text.split(".")
    return app, model, codename
