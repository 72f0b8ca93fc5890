"""The clusters that are watched."""

from django.db import models


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
