"""Which provider's client answers for which purpose."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from remediation.llm.protocol import LlmClient, NullClient
from remediation.llm.provider_settings import missing

ANALYSIS = "GEMINI_AUTO_ANALYSIS"


VERIFICATION = "GEMINI_AUTO_VERIFICATION"


QUERY_GENERATION = "GEMINI_AUTO_QUERY_GENERATION"


def client_for(switch: str = "", incident_id: int | None = None) -> LlmClient:
    """The model that the settings name, within its budgets; a NullClient where none is to be asked.

    An empty `switch` is a person's own wish: only the provider counts.
    """
    if lacking := missing():
        return NullClient(lacking)
    if switch and not getattr(settings, switch):
        return NullClient(f"{switch} is False")
    from remediation.llm.providers.in_time import Patience
    from remediation.llm.providers.metered import Metered
    from remediation.llm.providers.retrying import Retrying

    patience = Patience(float(settings.LLM_TIMEOUT_SECONDS))
    return Retrying(Metered(provider(patience), incident_id), patience=patience)


@lru_cache(maxsize=4)
def _cached_client(provider: str, key: str, model: str, url: str, seconds: float) -> Any:
    """One client a process: it keeps its connections. The SDKs are slow to import."""
    if provider == "gemini":
        from remediation.llm.providers.gemini import Gemini

        return Gemini(key, model, url, seconds)
    from remediation.llm.providers.openai_compatible import OpenAICompatible

    return OpenAICompatible(key, model, url, seconds)


def provider(patience: Any = None) -> Any:
    """The client of the settings' provider, without budgets; alone it is for benchmarks."""
    from remediation.llm.providers.in_time import InTime, Patience

    return InTime(_named(), patience or Patience(float(settings.LLM_TIMEOUT_SECONDS)))


def _named() -> Any:
    seconds = float(settings.LLM_TIMEOUT_SECONDS)
    if settings.LLM_PROVIDER == "gemini":
        endpoint = settings.GEMINI_API_ENDPOINT
        return _cached_client(
            "gemini", settings.GEMINI_API_KEY, settings.GEMINI_MODEL, endpoint, seconds
        )
    key, url = settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL
    return _cached_client("openai", key, settings.OPENAI_MODEL, url, seconds)
