"""What is abnormal and no incident yet."""

from __future__ import annotations

from django.db import models

from detection.models.cluster import Cluster


class WatchedFailure(models.Model):
    """One owner that looks abnormal. The row outlives the signal for a while, for its history.

    `spans`: [from, to] epoch seconds each, when it was seen abnormal without a break.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="watched")
    owner_key = models.CharField(max_length=600)
    owner_kind = models.CharField(max_length=63)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253)
    owner_uid = models.CharField(max_length=64, blank=True)
    cause = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    summary = models.TextField()
    onset = models.DateTimeField(help_text="When the signal itself says that it began.")
    since = models.DateTimeField(help_text="When KubeWise first saw it.")
    opens_at = models.DateTimeField(help_text="When it becomes an incident, if it stays.")
    last_seen = models.DateTimeField()
    is_abnormal = models.BooleanField(default=True)
    spans = models.JSONField(default=list)

    class Meta:
        ordering = ["opens_at", "id"]
        verbose_name = "watched failure"
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "owner_key"], name="one_watched_row_per_owner"
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.owner_kind} {self.owner_namespace}/{self.owner_name}"
