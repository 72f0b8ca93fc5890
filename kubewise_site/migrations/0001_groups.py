"""The groups viewer, approver, operator and admin, with their permissions.

What each group may is written out as it was when this migration was made; `kubewise_site.console.groups`
says what it is today, and a change there needs a migration of its own.
"""

from django.db import migrations

VIEWER, APPROVER, OPERATOR, ADMIN = GROUPS = ("viewer", "approver", "operator", "admin")
SEEN = (
    "detection.incident", "detection.transition", "detection.cluster", "detection.metricquery",
    "detection.sourcestate", "detection.heartbeat", "detection.workloadbaseline",
    "detection.modelversion", "detection.anomalyfeedback",
    "remediation.policy", "remediation.maintenancewindow", "remediation.silence",
    "remediation.plan", "remediation.approval", "remediation.attempt", "remediation.mode",
    "remediation.stopswitch", "remediation.budget", "remediation.delivery",
    "remediation.auditentry", "remediation.llmcall", "django_celery_beat.periodictask",
    "django_celery_beat.intervalschedule", "django_celery_beat.crontabschedule",
)  # fmt: skip
EDITED = (
    "detection.metricquery", "remediation.policy", "remediation.maintenancewindow",
    "remediation.silence", "django_celery_beat.intervalschedule",
    "django_celery_beat.crontabschedule",
)  # fmt: skip
ACCESS = ("auth.user", "auth.group", "access.apitoken")
OWN = {
    VIEWER: (),
    APPROVER: (
        "remediation.plan.approve_plan",
        "remediation.stopswitch.pull_stop",
        "detection.incident.analyze_incident",
        "detection.incident.comment_incident",
        "detection.anomalyfeedback.add_anomalyfeedback",
    ),
    OPERATOR: (
        "remediation.attempt.remediate",
        "remediation.mode.set_mode",
        "remediation.delivery.send_test",
        "detection.modelversion.use_modelversion",
        "django_celery_beat.periodictask.change_periodictask",
    ),
    ADMIN: (),
}
VERBS = {
    VIEWER: (SEEN, ("view",)),
    APPROVER: ((), ()),
    OPERATOR: (EDITED, ("add", "change", "delete")),
    ADMIN: (ACCESS, ("view", "add", "change", "delete")),
}


def permissions_of(group):
    """(app, model, codename) of every permission of the group, those of lesser ones included."""
    upto = GROUPS[: GROUPS.index(group) + 1]
    return [tuple(item.split(".")) for name in upto for item in (*OWN[name], *_by_verb(name))]


def _by_verb(group):
    models, verbs = VERBS[group]
    return [f"{model}.{verb}_{model.partition('.')[2]}" for model in models for verb in verbs]


def make_groups(apps, schema_editor):
    """Permissions are rows that Django makes after all migrations; those needed are made here."""
    group_model = apps.get_model("auth", "Group")
    for name in GROUPS:
        group, _ = group_model.objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, *wanted) for wanted in permissions_of(name)))


def _permission(apps, app, model, codename):
    kinds = apps.get_model("contenttypes", "ContentType").objects
    kind, _ = kinds.get_or_create(app_label=app, model=model)
    row, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=codename, defaults={"name": _name(apps, app, model, codename)}
    )
    return row


def _name(apps, app, model, codename):
    """As Django would call it."""
    options = apps.get_model(app, model)._meta
    known = dict(options.permissions)
    verb = codename.partition("_")[0]
    return known.get(codename, f"Can {verb} {options.verbose_name_raw}")


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("access", "0001_api_tokens"),
        ("detection", "0001_initial"),
        ("remediation", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
