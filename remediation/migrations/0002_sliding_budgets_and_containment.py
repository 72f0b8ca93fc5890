from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone


def keep_what_was_spent(apps: Any, schema_editor: Any) -> None:
    """Count it as spent just now: for an hour that is too strict, and never too much."""
    now = timezone.now().isoformat()
    windows = Q(name="hour") | Q(name__contains=":")
    for row in apps.get_model("remediation", "Budget").objects.filter(windows, spent__gt=0):
        row.marks = [now] * row.spent
        row.save(update_fields=["marks"])


class Migration(migrations.Migration):
    dependencies = [("remediation", "0001_initial")]

    operations = [
        migrations.AddField("budget", "marks", models.JSONField(default=list, editable=False)),
        migrations.RunPython(keep_what_was_spent, migrations.RunPython.noop),
        migrations.AlterField(
            "attempt",
            "outcome",
            models.CharField(
                blank=True,
                choices=[
                    ("resolved", "Resolved"),
                    ("not fixed", "Not Fixed"),
                    ("worse", "Worse"),
                    ("inconclusive", "Inconclusive"),
                    ("contained", "Contained"),
                ],
                max_length=12,
            ),
        ),
    ]
