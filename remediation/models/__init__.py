"""The records of remediation. Approvals, attempts and modes are append-only history."""

from enum import StrEnum

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models

from detection.models import Cluster, Incident
from remediation.models.acceptances import Acceptance
from remediation.models.audit import AuditEntry, AuditHead
from remediation.models.audited import Audited
from remediation.models.llm import EvidencePack, LlmCall, LlmGate
from remediation.models.notifications import Delivery

__all__ = [
    "Acceptance",
    "Approval",
    "Attempt",
    "AuditEntry",
    "AuditHead",
    "Budget",
    "Delivery",
    "EvidencePack",
    "LlmCall",
    "LlmGate",
    "MaintenanceWindow",
    "Mode",
    "ModeChoice",
    "Pause",
    "Plan",
    "PlanSource",
    "Policy",
    "Silence",
    "StopSwitch",
]

MOST_ATTEMPTS_AN_HOUR = 10_000


class ModeChoice(models.TextChoices):
    MANUAL = "MANUAL"
    AUTO = "AUTO"


class Mode(Audited):
    """Each change of the mode; the newest row of a cluster counts."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    mode = models.CharField(max_length=6, choices=ModeChoice.choices)
    actor = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        permissions = [("set_mode", "Can set the mode")]

    def __str__(self) -> str:
        return self.mode

    def entry_kind(self, what: str) -> str:
        return "mode set" if what == "added" else super().entry_kind(what)


class StopSwitch(Audited):
    """Each pull and release of the stop switch; the newest row of a cluster counts."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    stopped = models.BooleanField()
    actor = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "stop switches"
        permissions = [("pull_stop", "Can pull and release the stop switch")]

    def __str__(self) -> str:
        return "stopped" if self.stopped else "running"

    def entry_kind(self, what: str) -> str:
        if what != "added":
            return super().entry_kind(what)
        return "stopped" if self.stopped else "released"


class Policy(Audited):
    """What a namespace pattern allows. A literal name may allow asking in a protected one."""

    class Choice(models.TextChoices):
        AUTO = "AUTO"
        MANUAL = "MANUAL"
        OFF = "OFF"

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    namespace_pattern = models.CharField(max_length=253, help_text="A name, or a pattern: team-*")
    mode = models.CharField(max_length=6, choices=Choice.choices)
    allowed_actions = models.JSONField(
        default=list, blank=True, help_text="Empty: every action of the catalogue."
    )
    forbidden_actions = models.JSONField(default=list, blank=True)
    # Said here: what a database itself allows differs, and the schema has to be true on each.
    attempts_an_hour = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_ATTEMPTS_AN_HOUR)],
        help_text="In each namespace that it covers. Empty: the default.",
    )
    tells_all = models.BooleanField(
        "tells of anomalies and information too",
        default=False,
        help_text="Messages about anomalies alone and about severity info; else they are none.",
    )

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "namespace_pattern"], name="one_policy_per_pattern"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace_pattern}: {self.mode}"


class Pause(Audited):
    """What windows and silences share: author, reason, time span, what is covered."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    namespace_pattern = models.CharField(max_length=253, default="*")
    name_pattern = models.CharField(max_length=253, default="*", help_text="Of the owner.")
    author = models.CharField(max_length=150)
    reason = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.namespace_pattern}/{self.name_pattern}: {self.reason}"


class MaintenanceWindow(Pause):
    """Planned work: remediation of what it covers waits until it ends."""


class Silence(Pause):
    """Known trouble: no remediation and no message about what it covers."""


class Budget(models.Model):
    """A counter row, spent inside the claim's transaction.

    `marks` are the moments at which the units of a sliding window were spent, the oldest first;
    `window_start` is the first of them, and `spent` their number. Where there is no window, `spent`
    alone counts what is open.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    window_start = models.DateTimeField()
    spent = models.PositiveIntegerField(default=0)
    marks = models.JSONField(default=list, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "name"], name="one_row_per_budget")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.spent}"


class PlanSource(StrEnum):
    """Where a plan comes from: the rules, a model, both of them, or a person's command.

    `aside`: a person's command that only reads, beside the waiting plan. `undo`: the inverse of
    an attempt that made it worse. A model's plan has its provider's name.
    """

    RULES = "rules"
    BOTH = "both"
    PERSON = "person"
    ASIDE = "aside"
    UNDO = "undo"


class Plan(models.Model):
    """Ranked candidates with frozen parameters, and the digest that binds an approval.

    `digest` = target UID + hash of its spec + policy. `candidates` is a list of
    `remediation.planning.candidates.Candidate.as_dict()`, best first. `answered_at` is set by a
    conditional UPDATE, so that of two answers one counts.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="plans")
    incident_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64)
    target_uid = models.CharField(max_length=64, blank=True)
    spec_hash = models.CharField(max_length=64, blank=True)
    candidates = models.JSONField(default=list)
    chosen = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(
        max_length=10,
        default=PlanSource.RULES,
        help_text="rules, both, gemini, openai, person, aside, undo",
    )
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("approve_plan", "Can approve and reject plans")]

    def __str__(self) -> str:
        return f"plan {self.pk} of incident {self.incident_id}"


class Approval(models.Model):
    """A person's yes or no to one candidate of one plan, as the person saw it."""

    class Verdict(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="approvals")
    candidate_index = models.PositiveSmallIntegerField(default=0)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.user}"


class Attempt(models.Model):
    """One execution, committed as an intent before the first call to the API server.

    `open_target` is the target's UID while the attempt is open and NULL once settled: the
    database refuses a second open attempt on one object.
    """

    class State(models.TextChoices):
        CLAIMED = "claimed", "claimed: nothing sent yet"
        SENDING = "sending", "sending: the write may have happened"
        APPLIED = "applied", "applied: waits for verification"
        REFUSED = "refused", "refused before anything changed"
        FAILED = "failed", "the API server said no"
        UNKNOWN = "unknown", "its worker died: to be settled by looking"
        VERIFIED = "verified", "verified"

    class Outcome(models.TextChoices):
        RESOLVED = "resolved"
        NOT_FIXED = "not fixed"
        WORSE = "worse"
        INCONCLUSIVE = "inconclusive"
        CONTAINED = "contained"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="attempts")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="attempts")
    # Its own index would be taken for `approval IS NULL`, which most rows of AUTO share.
    approval = models.ForeignKey(
        Approval, null=True, on_delete=models.PROTECT, db_index=False
    )  # fmt: skip
    idempotency_key = models.CharField(max_length=64, unique=True)
    open_target = models.CharField(max_length=64, unique=True, null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CLAIMED)
    lease_until = models.DateTimeField()

    action = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    command = models.TextField()
    target = models.JSONField(default=dict, help_text="kind, namespace, name, uid")
    executor = models.CharField(max_length=150, help_text="AUTO, or the approving user.")
    is_proactive = models.BooleanField(default=False)
    dry_run = models.BooleanField(default=False, help_text="DRY_RUN: stopped after the dry run.")

    before = models.JSONField(default=dict, help_text="spec hash, ready replicas, template hash")
    diff = models.JSONField(default=list)
    inverse = models.JSONField(null=True, blank=True)
    response = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)

    created_at = models.DateTimeField()
    executed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    verify_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    verify_deadline = models.DateTimeField(null=True, blank=True)
    verify_lease_until = models.DateTimeField(null=True, blank=True)
    healthy_since = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    outcome_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        permissions = [("remediate", "Can give a command of their own")]
        indexes = [
            models.Index(fields=["approval", "-incident"], name="attempts_by_auto"),
            models.Index(fields=["-incident"], name="attempts_by_approval",
                         condition=models.Q(approval__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.command} ({self.state})"
