"""A person's word that a failure is known and may stay until a date."""

from django.db import models
from django.db.models import Q

from detection.models import Cluster, Incident
from remediation.models.audited import Audited


class Acceptance(Audited):
    """One failure of one owner, as it was when it was accepted. The row stays when it ends.

    `impact` and `evidence` are those of `remediation.controls.accepted_signs`; `digest` is over the
    evidence. `incident` is the one that it was last about.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_kind = models.CharField(max_length=100)
    owner_namespace = models.CharField(max_length=253, blank=True)
    owner_name = models.CharField(max_length=253, db_index=True)
    owner_uid = models.CharField(max_length=64, blank=True)
    owner_key = models.CharField(max_length=620, editable=False)
    cause = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    impact = models.JSONField(default=dict)
    evidence = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    author = models.CharField(max_length=150)
    reason = models.TextField()
    at = models.DateTimeField()
    review_at = models.DateTimeField(help_text="When it opens again by itself.")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_why = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "owner_key"],
                condition=Q(ended_at__isnull=True),
                name="one_acceptance_per_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.owner_kind} {self.owner_namespace}/{self.owner_name}"

    def entry_kind(self, what: str) -> str:
        if what == "changed" and self.ended_at is not None:
            return "acceptance ended"
        return super().entry_kind(what)
