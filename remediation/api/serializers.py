"""The shape of an event: an incident with its diagnosis, plan, attempts and timeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detection.domain.causes import Severity
from detection.domain.statuses import Status
from detection.models import Incident
from kubewise_site.core import clock
from remediation.actions import blacklist, find
from remediation.api.fast_serializers import PlainReading, time_text
from remediation.controls.acceptances import held_among
from remediation.models import Acceptance, Attempt, Plan
from remediation.models.querysets import give_timelines, rows_of, shown_plan

CANDIDATE_TEXTS = (
    "action_type", "resource_type", "resource_name", "namespace", "command", "kubectl", "risk",
    "description",
)  # fmt: skip
ACCEPTANCE = "_acceptance"
SEVERITIES = [severity.value for severity in Severity]


class ModelWordsSerializer(serializers.Serializer[Any]):
    """Text of a language model, which nobody has checked. Never carry out a command in it."""

    provider = serializers.CharField()
    model = serializers.CharField()
    root_cause = serializers.CharField()
    impact = serializers.CharField()
    recommendations = serializers.ListField(child=serializers.CharField())


class AnalysisSerializer(serializers.Serializer[Any]):
    root_cause = serializers.CharField()
    impact = serializers.CharField()
    severity = serializers.ChoiceField(choices=SEVERITIES)
    confidence = serializers.FloatField(allow_null=True)
    recommendations = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField(help_text="rules, both, …")  # type: ignore[assignment]
    evidence = serializers.ListField(
        child=serializers.CharField(), help_text="Ids of the observations that it cites."
    )
    model_says = ModelWordsSerializer(
        allow_null=True,
        help_text="What a language model adds, unchecked; null where none was asked.",
    )


class CandidateSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="What an approval names.")
    action_type = serializers.CharField()
    resource_type = serializers.CharField()
    resource_name = serializers.CharField()
    namespace = serializers.CharField()
    parameters = serializers.DictField(child=serializers.JSONField())
    command = serializers.CharField()
    kubectl = serializers.CharField()
    risk = serializers.CharField()
    description = serializers.CharField()
    executable = serializers.BooleanField(
        help_text="False: not in the catalogue, or in BLACKLISTED_COMMANDS."
    )


class PlanSerializer(PlainReading, serializers.ModelSerializer[Plan]):
    candidates = serializers.SerializerMethodField()

    class Meta:
        model = Plan
        fields = ("id", "digest", "created_at", "superseded_at", "source", "chosen", "candidates")

    @extend_schema_field(CandidateSerializer(many=True))
    def get_candidates(self, plan: Plan) -> list[dict[str, Any]]:
        return serialized_candidates(plan)


class AttemptSerializer(PlainReading, serializers.ModelSerializer[Attempt]):
    timestamp = serializers.DateTimeField(source="created_at")
    success = serializers.SerializerMethodField(help_text="null while it is not settled")
    result = serializers.SerializerMethodField()

    class Meta:
        model = Attempt
        fields = (
            "id", "command", "parameters", "executor", "timestamp", "success", "result", "error",
            "is_proactive", "dry_run", "state", "outcome", "outcome_reason", "diff",
            "executed_at", "settled_at", "verify_due_at",
        )  # fmt: skip

    def get_success(self, attempt: Attempt) -> bool | None:
        return {
            Attempt.State.APPLIED: True,
            Attempt.State.VERIFIED: attempt.outcome == Attempt.Outcome.RESOLVED,
            Attempt.State.REFUSED: False,
            Attempt.State.FAILED: False,
        }.get(Attempt.State(attempt.state))

    def get_result(self, attempt: Attempt) -> str:
        return attempt.outcome or Attempt.State(attempt.state).label


class TransitionSerializer(PlainReading, serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    kind = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    reason = serializers.CharField()


class OwnerSerializer(PlainReading, serializers.Serializer[Any]):
    kind = serializers.CharField(source="owner_kind")
    namespace = serializers.CharField(source="owner_namespace")
    name = serializers.CharField(source="owner_name")
    uid = serializers.CharField(source="owner_uid")


class AcceptanceSerializer(PlainReading, serializers.ModelSerializer[Acceptance]):
    by = serializers.CharField(source="author")

    class Meta:
        model = Acceptance
        fields = ("by", "reason", "at", "review_at")


class EventSerializer(PlainReading, serializers.Serializer[Incident]):
    """One incident, with the keys that scripts have relied on from the start."""

    anomaly_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.choices)
    entity_type = serializers.SerializerMethodField()
    entity_id = serializers.CharField(source="owner_name")
    namespace = serializers.CharField(source="owner_namespace")
    detection_timestamp = serializers.DateTimeField(source="first_seen")
    anomaly_score = serializers.FloatField(source="score")
    metric_snapshot = serializers.JSONField()
    ai_analysis = serializers.SerializerMethodField()
    suggested_remediation_commands = serializers.SerializerMethodField()
    remediation_attempts = AttemptSerializer(source="attempts", many=True)
    verification_time = serializers.SerializerMethodField()
    resolution_time = serializers.SerializerMethodField()
    prediction_data = serializers.DictField(source="prediction", allow_null=True)
    is_proactive = serializers.BooleanField(source="is_predicted")
    notes = serializers.CharField()

    cause = serializers.CharField()
    severity = serializers.ChoiceField(choices=SEVERITIES)
    summary = serializers.CharField()
    owner = OwnerSerializer(source="*")
    evidence = serializers.ListField(child=serializers.JSONField())
    related = serializers.ListField(child=serializers.JSONField())
    flapping = serializers.BooleanField()
    degraded = serializers.BooleanField()
    inconclusive = serializers.BooleanField()
    last_seen = serializers.DateTimeField()
    count = serializers.IntegerField()
    timeline = TransitionSerializer(source="transitions", many=True)
    plan = serializers.SerializerMethodField()
    decision = serializers.DictField(allow_null=True)
    accepted = serializers.SerializerMethodField(
        help_text="By whom, why and until when the failure is accepted; null: it is not."
    )

    def get_entity_type(self, incident: Incident) -> str:
        return incident.owner_kind.lower()

    @extend_schema_field(AnalysisSerializer(allow_null=True))
    def get_ai_analysis(self, incident: Incident) -> dict[str, Any] | None:
        return analysis_of(incident)

    @extend_schema_field(CandidateSerializer(many=True))
    def get_suggested_remediation_commands(self, incident: Incident) -> list[dict[str, Any]]:
        plan = shown_plan(incident)
        return serialized_candidates(plan) if plan else []

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_verification_time(self, incident: Incident) -> str | None:
        verified = [row.settled_at for row in rows_of(incident, "attempts") if row.outcome]
        return time_text(verified[-1]) if verified else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_resolution_time(self, incident: Incident) -> str | None:
        return time_text(incident.closed_at) if incident.status == Status.RESOLVED else None

    @extend_schema_field(AcceptanceSerializer(allow_null=True))
    def get_accepted(self, incident: Incident) -> dict[str, Any] | None:
        row = incident.__dict__.get(ACCEPTANCE)
        return _acceptance_shape().to_representation(row) if row else None

    @extend_schema_field(PlanSerializer(allow_null=True))
    def get_plan(self, incident: Incident) -> dict[str, Any] | None:
        plan = shown_plan(incident)
        return _plan_shape().to_representation(plan) if plan else None


def events_of_page(incidents: Sequence[Incident]) -> list[dict[str, Any]]:
    """The rows of `with_lists`, which have no timeline yet."""
    give_timelines(incidents)
    return events_of(incidents)


def events_of(incidents: Iterable[Incident]) -> list[dict[str, Any]]:
    """Each in the shape of EventSerializer."""
    shape, rows = _event_shape(), list(incidents)
    held = held_among(rows, clock.now())
    for incident in rows:
        incident.__dict__[ACCEPTANCE] = held.get(incident.pk)
    return [shape.to_representation(incident) for incident in rows]


@cache
def _event_shape() -> EventSerializer:
    """One for all: to make a serializer is to copy every field."""
    return EventSerializer()


@cache
def _acceptance_shape() -> AcceptanceSerializer:
    return AcceptanceSerializer()


@cache
def _plan_shape() -> PlanSerializer:
    return PlanSerializer()


def analysis_of(incident: Incident) -> dict[str, Any] | None:
    """None while the incident is not analyzed."""
    told = incident.diagnosis
    if not told:
        return None
    return {
        "root_cause": told.get("root_cause", ""),
        "impact": told.get("impact", ""),
        "severity": told.get("severity") or incident.severity,
        "confidence": told.get("confidence"),
        "recommendations": list(told.get("recommendations", ())),
        "source": told.get("source", "rules"),
        "evidence": list(told.get("evidence", ())),
        "model_says": model_words(told),
    }


def model_words(diagnosis: Mapping[str, Any]) -> dict[str, Any] | None:
    """A model's own text, apart from the rules'; None where no answer of one counted."""
    details = diagnosis.get("details") or {}
    if not details.get("root_cause"):
        return None
    texts = {name: details.get(name, "") for name in ("provider", "model", "root_cause", "impact")}
    return texts | {"recommendations": list(details.get("recommendations") or ())}


def serialized_candidates(plan: Plan) -> list[dict[str, Any]]:
    """Worked out once for a plan that was read once: an event shows them twice."""
    if "_told" not in plan.__dict__:
        never = blacklist()
        plan.__dict__["_told"] = [_candidate(*item, never) for item in enumerate(plan.candidates)]
    told: list[dict[str, Any]] = plan.__dict__["_told"]
    return told


def _candidate(index: int, row: Mapping[str, Any], never: Collection[str]) -> dict[str, Any]:
    """`Candidate.as_dict()` as the plan keeps it, in the shape of the API."""
    texts = {name: row.get(name, "") for name in CANDIDATE_TEXTS}
    action = find(str(row.get("action", "")))
    executable = action is not None and action.name not in never
    more = {"parameters": row.get("parameters") or {}, "executable": executable}
    return {"index": index} | texts | more
