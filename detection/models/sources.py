"""What can be seen of each source."""

from django.db import models

from detection.models.cluster import Cluster


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
