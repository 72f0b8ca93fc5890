"""The groups viewer, approver, operator and admin, with their permissions."""

from django.db import migrations

from kubewise_site.console.groups import GROUPS, permissions_of


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
        content_type=kind, codename=codename, defaults={"name": _name(app, model, codename)}
    )
    return row


def _name(app, model, codename):
    """As Django would call it."""
    from django.apps import apps as installed

    options = installed.get_model(app, model)._meta
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
