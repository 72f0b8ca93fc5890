"""What Alertmanager told: one row an alert, by its fingerprint."""

from __future__ import annotations

from django.db import models


class Alert(models.Model):
    """`owner_*` is the object that the last pass found its labels to name; '' for none."""

    class State(models.TextChoices):
        FIRING = "firing"
        RESOLVED = "resolved"

    cluster = models.ForeignKey("detection.Cluster", on_delete=models.CASCADE)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices)
    name = models.CharField(max_length=253)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    starts_at = models.DateTimeField()
    received_at = models.DateTimeField(help_text="When Alertmanager last spoke of it.")
    owner_kind = models.CharField(max_length=100, blank=True)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("post_alerts", "Can post alerts, as Alertmanager does")]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "fingerprint"], name="one_row_per_alert_fingerprint"
            )
        ]
        indexes = [models.Index(fields=["cluster", "state"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
