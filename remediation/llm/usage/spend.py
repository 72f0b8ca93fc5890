"""What models took of their budgets, as the dashboard shows it: from the records, for all hosts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, F, Q, Sum

from detection.models import Heartbeat
from remediation.llm.provider_settings import missing
from remediation.llm.usage.budget_and_breaker import DAY, MINUTE, LlmLimits, circuit, llm_limits
from remediation.models.llm import LlmCall


@dataclass(frozen=True)
class Spend:
    """The last 24 hours beside the budgets in force. Money in USD.

    `lacking` says why no model is asked, '' where one is. `circuit` is '' while the
    breaker is closed. `failed` counts calls that got no answer that counts.
    """

    lacking: str
    provider: str
    model: str
    calls: int
    failed: int
    tokens: int
    usd: Decimal
    calls_last_minute: int
    limits: LlmLimits
    circuit: str

    @property
    def used_up(self) -> bool:
        """Whether nothing more may be asked before calls of the last day fall out of it."""
        return self.usd >= self.limits.usd_per_day

    @property
    def percent(self) -> int:
        """Of the day's budget; 100 where there is none to spend."""
        most = self.limits.usd_per_day
        return min(100, int(100 * self.usd / most)) if most else 100


def spend_of_day(now: datetime) -> Spend:
    """Sums of a day, which its budget of calls bounds; where there were any, the newest calls."""
    provider, model = settings.LLM_PROVIDER, _model()
    done = Q(outcome__in=(LlmCall.OK, LlmCall.PENDING))
    found = LlmCall.objects.filter(at__gt=now - DAY).aggregate(
        calls=Count("pk"), failed=Count("pk", filter=~done), cost=Sum("cost_usd"),
        tokens=Sum(F("prompt_tokens") + F("answer_tokens")),
        minute=Count("pk", filter=Q(at__gt=now - MINUTE)),
    )  # fmt: skip
    refused = circuit(provider, model, now) if found["calls"] else None
    return Spend(
        _lacking(), provider, model, found["calls"], found["failed"], found["tokens"] or 0,
        Decimal(found["cost"] or 0), found["minute"], llm_limits(),
        refused.message if refused else "",
    )  # fmt: skip


def _lacking() -> str:
    """As worker-act last told: the process that shows this holds no key of a model."""
    row = Heartbeat.objects.filter(name="sweep").first()
    return str(row.detail.get("no_model") or "") if row else missing()


def _model() -> str:
    names = {"gemini": settings.GEMINI_MODEL, "openai": settings.OPENAI_MODEL}
    return names.get(settings.LLM_PROVIDER, "")
