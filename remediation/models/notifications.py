"""What was sent to whom: one row an incident and state, made before anything is sent."""

from django.db import models

from detection.models import Incident


class Delivery(models.Model):
    """The row is the claim: whoever made it sends, and nobody sends that state again."""

    class State(models.TextChoices):
        OPENED = "opened"
        AWAITING_APPROVAL = "awaiting approval"
        ESCALATED = "escalated"
        UNACCEPTED = "no longer accepted"
        CLOSED = "closed"
        REOPENED = "reopened"
        CLOSED_AGAIN = "closed again"

    class Result(models.TextChoices):
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=20, choices=State.choices)
    at = models.DateTimeField()
    targets = models.JSONField(default=list, help_text="Kinds of targets, without addresses.")
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.SENDING)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        permissions = [("send_test", "Can send a test message to the targets")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "state"], name="one_message_per_incident_and_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.result}"
