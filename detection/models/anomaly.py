"""The records of the anomaly detector: versions and what people told it."""

from datetime import datetime
from enum import StrEnum

from django.db import models

from detection.models.cluster import Cluster


class ModelSource(StrEnum):
    """What a version was trained on, or where its files come from."""

    SHIPPED = "shipped"
    DATA = "data"
    HISTORY = "history"
    IMPORTED = "imported"


class ModelVersion(models.Model):
    """One trained or imported model, its scores, and whether it is the one in force."""

    version = models.CharField(max_length=60, unique=True)
    source = models.CharField(max_length=20, help_text="shipped, data, history or imported")
    trained_at = models.DateTimeField()
    data_sha256 = models.CharField(max_length=64, blank=True)
    scores = models.JSONField(default=dict)
    libraries = models.JSONField(default=dict)
    files = models.JSONField(default=dict, help_text="File name to sha256.")
    in_force = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.CharField(max_length=150, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "detection"
        ordering = ["-trained_at", "-id"]
        permissions = [("use_modelversion", "Can put a model version in force")]
        constraints = [
            models.UniqueConstraint(
                fields=["in_force"],
                condition=models.Q(in_force=True),
                name="one_model_version_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}{' (in force)' if self.in_force else ''}"


class AnomalyFeedback(models.Model):
    """A person said that an anomaly was none. Kept: it moves a threshold, and is training data."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    owner_kind = models.CharField(max_length=100)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    score = models.FloatField()
    metrics = models.JSONField(default=dict, help_text="Metric to its share of the score.")
    note = models.TextField(blank=True)

    class Meta:
        app_label = "detection"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["cluster", "owner_kind", "owner_namespace", "owner_name"],
                name="feedback_by_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.owner_namespace}/{self.owner_name}: no anomaly"


class AnomalyOutlook(models.Model):
    """What the anomaly detector knows of one owner: since when, and how often it would err."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    owner_kind = models.CharField(max_length=100)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253)
    known_since = models.DateTimeField(help_text="The oldest sample of it that was seen.")
    last_seen = models.DateTimeField()
    history_hours = models.FloatField(null=True, help_text="How much of it was looked at.")
    expected_false_alarms = models.FloatField(null=True, help_text="A day; null: not known yet.")
    looked_at = models.DateTimeField(null=True)
    until: datetime | None = None  # set where it is shown: learning until

    class Meta:
        app_label = "detection"
        ordering = ["-known_since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "owner_kind", "owner_namespace", "owner_name"],
                name="one_outlook_per_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.owner_namespace}/{self.owner_name}"


class MetricLevelChange(models.Model):
    """A metric's level that changed and stayed. Information: nobody is called for it."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    owner_kind = models.CharField(max_length=100)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253)
    metric = models.CharField(max_length=400)
    at = models.DateTimeField()
    before = models.FloatField()
    after = models.FloatField()
    released = models.TextField(blank=True, help_text="What was released about then.")
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it had gone back.")

    class Meta:
        app_label = "detection"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["cluster", "owner_kind", "owner_namespace", "owner_name"],
                name="level_change_by_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.owner_kind} {self.owner_namespace}/{self.owner_name}"

    @property
    def step(self) -> str:
        return f"{self.before:.4g} → {self.after:.4g}"
