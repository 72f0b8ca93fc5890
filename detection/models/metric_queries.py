"""What is asked of Prometheus."""

from django.db import models

from detection.domain.causes import Severity


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
