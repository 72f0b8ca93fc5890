"""Incidents and what happened to them. Statuses move in detection/incidents/states.py only."""

import uuid

from django.db import models

from detection.domain.causes import Severity
from detection.domain.facts import Facts, FactsT
from detection.domain.families import facts_of
from detection.domain.statuses import Status
from detection.models.cluster import Cluster
from detection.models.indexes import INCIDENT_INDEXES, NEWEST


class Incident(models.Model):
    """One failure of one owner, from its first finding to its end (API: an anomaly event).

    `open_key` is unique while the incident is open and NULL once closed, so that the database
    itself refuses a second open incident for one owner.
    """

    anomaly_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT)
    open_key = models.CharField(max_length=900, unique=True, null=True, editable=False)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="parts"
    )

    owner_kind = models.CharField(max_length=100)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253)
    owner_uid = models.CharField(max_length=64, blank=True)

    cause = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Severity])
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.DETECTED)
    summary = models.TextField()
    score = models.FloatField(default=1.0)
    sources = models.JSONField(default=list)
    source = models.CharField(
        max_length=40, default="kubernetes", help_text="What found the cause that stands."
    )
    flapping = models.BooleanField(default=False)
    degraded = models.BooleanField(default=False, help_text="Found while a source was blind.")
    inconclusive = models.BooleanField(default=False)
    is_predicted = models.BooleanField(default=False)

    onset = models.DateTimeField(help_text="When the signal began, by the objects' own times.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    cause_seen = models.DateTimeField(null=True, blank=True, editable=False)
    severity_seen = models.DateTimeField(null=True, blank=True, editable=False)
    gone_since = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    count = models.PositiveIntegerField(default=1, help_text="Passes that found it.")
    returns = models.PositiveIntegerField(default=0, help_text="Times the signal came back.")

    evidence = models.JSONField(default=list)
    related = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    revision = models.JSONField(null=True, blank=True)
    metric_snapshot = models.JSONField(default=dict)
    prediction = models.JSONField(null=True, blank=True)
    diagnosis = models.JSONField(null=True, blank=True)
    decision = models.JSONField(null=True, blank=True)
    notes = models.TextField(blank=True)

    version = models.PositiveIntegerField(default=1, help_text="Grows when cause or facts change.")
    analyzed_version = models.PositiveIntegerField(default=0)
    decided_version = models.PositiveIntegerField(default=0)
    decide_again_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="A reason that may pass: decided anew."
    )
    decided_again = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = NEWEST
        permissions = [
            ("analyze_incident", "Can ask for a new analysis"),
            ("comment_incident", "Can comment on an incident"),
        ]
        indexes = INCIDENT_INDEXES

    @property
    def known(self) -> Facts:
        """`facts` as its cause's family has them."""
        return facts_of(self.cause, self.facts)

    def facts_as(self, family: type[FactsT]) -> FactsT:
        """What of `facts` is of that family, whatever the cause."""
        return family.decode(self.facts)

    def __str__(self) -> str:
        return f"{self.cause} {self.owner_kind} {self.owner_namespace}/{self.owner_name}"


class Transition(models.Model):
    """Who or what changed an incident, when and why. Append-only."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    kind = models.CharField(max_length=20, default="status")
    before = models.CharField(max_length=60, blank=True)
    after = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.before} → {self.after}"
