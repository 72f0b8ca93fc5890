"""Accepted failures, who may see, make and end them, and policies that tell of everything."""

import django.db.models.deletion
from django.db import migrations, models


MAY = {
    "viewer": ("view",),
    "approver": ("view",),
    "operator": ("view", "add", "delete"),
    "admin": ("view", "add", "delete"),
}


def give_permissions(apps, schema_editor):
    """To the groups that are there; Django makes the rows of permissions after all migrations."""
    for group in apps.get_model("auth", "Group").objects.filter(name__in=MAY):
        group.permissions.add(*(_permission(apps, verb) for verb in MAY[group.name]))


def _permission(apps, verb):
    kinds = apps.get_model("contenttypes", "ContentType").objects
    kind, _ = kinds.get_or_create(app_label="remediation", model="acceptance")
    row, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=f"{verb}_acceptance",
        defaults={"name": f"Can {verb} acceptance"},
    )
    return row


class Migration(migrations.Migration):

    dependencies = [
        ('detection', '0005_watched_failures'),
        ('kubewise_site', '0001_groups'),
        ('remediation', '0004_states_of_messages_reopened'),
    ]

    operations = [
        migrations.AddField(
            model_name='policy',
            name='tells_all',
            field=models.BooleanField(default=False, help_text='Messages about anomalies alone and about severity info; else they are none.', verbose_name='tells of anomalies and information too'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('opened', 'Opened'), ('awaiting approval', 'Awaiting Approval'), ('escalated', 'Escalated'), ('no longer accepted', 'Unaccepted'), ('closed', 'Closed'), ('reopened', 'Reopened'), ('closed again', 'Closed Again')], max_length=20),
        ),
        migrations.CreateModel(
            name='Acceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner_kind', models.CharField(max_length=100)),
                ('owner_namespace', models.CharField(blank=True, max_length=253)),
                ('owner_name', models.CharField(db_index=True, max_length=253)),
                ('owner_uid', models.CharField(blank=True, max_length=64)),
                ('owner_key', models.CharField(editable=False, max_length=620)),
                ('cause', models.CharField(max_length=40)),
                ('severity', models.CharField(max_length=10)),
                ('impact', models.JSONField(default=dict)),
                ('evidence', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('author', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('review_at', models.DateTimeField(help_text='When it opens again by itself.')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_by', models.CharField(blank=True, max_length=150)),
                ('ended_why', models.TextField(blank=True)),
                ('cluster', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='detection.cluster')),
                ('incident', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='detection.incident')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('cluster', 'owner_key'), name='one_acceptance_per_owner')],
            },
        ),
        migrations.RunPython(give_permissions, migrations.RunPython.noop),
    ]
