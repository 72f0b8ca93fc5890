"""Who runs, and when it last gave a sign of life."""

from django.db import models


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
