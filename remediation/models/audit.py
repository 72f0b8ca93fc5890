"""The audit trail: append-only, each entry bound to the one before it by its hash."""

from django.db import models


class AuditHead(models.Model):
    """The one row whose UPDATE puts all writers in line. `seq` and `hash` are the last entry's."""

    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


class AuditEntry(models.Model):
    """Who did what to which record. `row_hash` is over the record's facts as they were then."""

    seq = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=150)
    model = models.CharField(max_length=40, blank=True)
    row_id = models.BigIntegerField(null=True)
    row_hash = models.CharField(max_length=64, blank=True)
    payload = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["seq"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["model", "row_id"])]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} by {self.actor}"
