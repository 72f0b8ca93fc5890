"""What models took: of one incident for the admin, in all for metrics. From the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from detection.domain.units import counted
from detection.models import Incident
from remediation.models.llm import LlmCall


@dataclass(frozen=True)
class Usage:
    """Sums over calls of one provider, model and outcome."""

    provider: str
    model: str
    outcome: str
    calls: int
    prompt_tokens: int
    answer_tokens: int
    cost_usd: Decimal
    seconds: float


def usage(since: datetime | None = None) -> list[Usage]:
    """One row a provider, model and outcome, right for all workers and hosts together."""
    rows = LlmCall.objects.filter(at__gte=since) if since else LlmCall.objects.all()
    summed = (
        rows.order_by()
        .values("provider", "model", "outcome")
        .annotate(
            calls=Count("pk"),
            asked=Sum("prompt_tokens"),
            answered=Sum("answer_tokens"),
            cost=Sum("cost_usd"),
            seconds=Sum("duration_seconds"),
        )
    )
    return [
        Usage(
            row["provider"], row["model"], row["outcome"], row["calls"],
            row["asked"], row["answered"], row["cost"], row["seconds"],
        )
        for row in summed
    ]  # fmt: skip


def usage_of(incident: Incident) -> str:
    """`2 calls, 1,234 tokens, 0.0012 USD, 1.2 s`; '' where no model was asked."""
    found = LlmCall.objects.filter(incident=incident).aggregate(
        calls=Count("pk"), asked=Sum("prompt_tokens"), answered=Sum("answer_tokens"),
        cost=Sum("cost_usd"), seconds=Sum("duration_seconds"),
    )  # fmt: skip
    if not found["calls"]:
        return ""
    calls = counted(found["calls"], "call")
    tokens = counted(found["asked"] + found["answered"], "token", spec=",")
    return f"{calls}, {tokens}, {found['cost']:.4f} USD, {found['seconds']:.1f} s"
