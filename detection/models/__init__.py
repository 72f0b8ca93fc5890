"""The records of detection. History rows are never changed; statuses move in states.py only."""

import uuid

from django.db import models

from detection.domain.causes import Severity
from detection.domain.facts import Facts, FactsT
from detection.domain.families import facts_of
from detection.domain.statuses import Status
from detection.models.indexes import INCIDENT_INDEXES, NEWEST


class Cluster(models.Model):
    """One watched cluster. `context` '' is the built-in simulator or the in-cluster account."""

    name = models.CharField(max_length=253, unique=True)
    context = models.CharField(max_length=253, blank=True)
    prometheus_url = models.URLField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    watching_since = models.DateTimeField(
        null=True, editable=False, help_text="Begins anew after a gap in the passes."
    )

    def __str__(self) -> str:
        return self.name


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


class WorkloadBaseline(models.Model):
    """Proof that a revision was healthy: Kubernetes does not keep one.

    `template_hash` is taken without `pod-template-hash` and the restart annotation, so that a
    plain restart is no new revision.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    owner_uid = models.CharField(max_length=64)
    owner_kind = models.CharField(max_length=100)
    owner_namespace = models.CharField(max_length=253)
    owner_name = models.CharField(max_length=253)
    template_hash = models.CharField(max_length=64)
    first_available = models.DateTimeField()
    last_available = models.DateTimeField()
    replicas = models.PositiveIntegerField(help_text="The last non-zero count.")
    resources = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "owner_uid", "template_hash"], name="one_baseline_per_revision"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.owner_namespace}/{self.owner_name}"


class MetricQuery(models.Model):
    """One PromQL query, how its result is dealt to entities, and when a value is a breach."""

    class Direction(models.TextChoices):
        ABOVE = "above", "bad above the threshold"
        BELOW = "below", "bad below the threshold"

    class EntityKind(models.TextChoices):
        POD = "pod"
        WORKLOAD = "workload"
        NODE = "node"
        VOLUME = "volume"

    class Check(models.TextChoices):
        """What the last look at it told. Absent series are not an error, and not health."""

        NOT_CHECKED = "not checked"
        OK = "ok"
        WARNINGS = "warnings"
        ABSENT = "no series"
        STALE = "stale"
        INVALID = "invalid"
        ERROR = "error"
        TIMEOUT = "time-out"

    name = models.SlugField(max_length=80, unique=True)
    query = models.TextField()
    entity_kind = models.CharField(max_length=10, choices=EntityKind.choices)
    labels = models.JSONField(
        default=dict, blank=True, help_text='Entity part to label name, {"pod": "exported_pod"}.'
    )
    unit = models.CharField(max_length=30, blank=True)
    direction = models.CharField(max_length=5, choices=Direction.choices, default=Direction.ABOVE)
    threshold = models.FloatField(null=True, blank=True, help_text="Empty: recorded, no breach.")
    dwell_seconds = models.PositiveIntegerField(default=300)
    severity = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in Severity], default=Severity.INFO
    )
    source = models.CharField(max_length=40, default="prometheus", help_text="Built-in source.")
    description = models.CharField(max_length=300, blank=True)
    active = models.BooleanField(default=True)
    seeded = models.BooleanField(default=False, editable=False)

    check_state = models.CharField(
        max_length=12, choices=Check.choices, default=Check.NOT_CHECKED, editable=False
    )
    check_message = models.TextField(blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    series_count = models.PositiveIntegerField(default=0, editable=False)
    duration_seconds = models.FloatField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "metric queries"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SourceState(models.Model):
    """What a built-in source can be seen of: `kubernetes/<resource>`, `prometheus`, …"""

    class State(models.TextChoices):
        SEEN = "seen"
        BLIND = "blind"
        NOT_INSTALLED = "not installed"

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=13, choices=State.choices)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "name"], name="one_state_per_source")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class Lease(models.Model):
    """Who runs a tick now; taken by a conditional UPDATE."""

    name = models.CharField(max_length=120, unique=True)
    holder = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last sign of life of a process or a tick; health is read from here."""

    name = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()
    since = models.DateTimeField(null=True, help_text="When `ok` became what it is.")
    ok = models.BooleanField(default=True)
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


from detection.models.alerts import Alert as Alert  # noqa: E402 known to Django
from detection.models.anomaly import AnomalyFeedback, ModelVersion  # noqa: E402, F401 known to Django
