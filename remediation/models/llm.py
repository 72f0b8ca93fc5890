"""The records of diagnosis: evidence packs, calls to models, and the row that budgets lock."""

from django.db import models

from detection.domain.units import counted


class EvidencePack(models.Model):
    """What was known of an incident when it was analyzed: redacted, numbered, as it is cited."""

    incident = models.ForeignKey(
        "detection.Incident", on_delete=models.CASCADE, related_name="evidence_packs"
    )
    incident_version = models.PositiveIntegerField()
    at = models.DateTimeField()
    hash = models.CharField(max_length=64)
    items = models.JSONField(default=list, help_text="id, source, text, decisive")
    objects_named = models.JSONField(default=list, help_text="Kind/namespace/name")
    left_out = models.PositiveIntegerField(default=0, help_text="Items that found no room.")

    class Meta:
        app_label = "remediation"
        ordering = ["-id"]

    def __str__(self) -> str:
        return counted(len(self.items), "observation")


class LlmGate(models.Model):
    """One row. Writing it makes those who ask stand in line, on SQLite and PostgreSQL alike."""

    passed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "remediation"

    def __str__(self) -> str:
        return f"passed at {self.passed_at}"


class LlmCall(models.Model):
    """One request to a provider: written before it is sent, with what it may cost at most.

    So a call whose worker died counts in full. `outcome` is 'pending', 'ok', or the failure's
    name. `answer` is the redacted answer of a call whose outcome is 'ok'; the same question
    (`question_hash`: prompt, model and evidence) is answered from it.
    """

    PENDING, OK = "pending", "ok"

    incident = models.ForeignKey(
        "detection.Incident", null=True, on_delete=models.CASCADE, related_name="llm_calls"
    )
    task = models.CharField(max_length=20, help_text="assess, verify or queries")
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=200)
    prompt = models.CharField(max_length=40, help_text="The prompt file and its version.")
    question_hash = models.CharField(max_length=64, db_index=True)
    outcome = models.CharField(max_length=24, default=PENDING)
    error = models.TextField(blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    answer_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    duration_seconds = models.FloatField(default=0.0)
    answer = models.TextField(blank=True, editable=False)
    reused = models.PositiveIntegerField(default=0, help_text="Times it answered from memory.")
    at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "remediation"
        ordering = ["-id"]
        verbose_name = "model call"
        verbose_name_plural = "model calls"

    def __str__(self) -> str:
        return f"{self.provider} {self.prompt}: {self.outcome}"
