"""Revisions that were seen healthy."""

from django.db import models

from detection.models.cluster import Cluster


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
