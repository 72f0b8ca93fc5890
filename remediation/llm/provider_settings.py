"""What the settings lack for asking a model."""

from __future__ import annotations

from django.conf import settings


def missing() -> str:
    """What the settings lack for asking a model; '' for nothing."""
    if settings.LLM_PROVIDER == "none":
        return "LLM_PROVIDER is none"
    if settings.LLM_PROVIDER == "gemini":
        return "" if settings.GEMINI_API_KEY else "GEMINI_API_KEY is empty"
    if not settings.OPENAI_MODEL:
        return "OPENAI_MODEL is empty"
    reachable = settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY
    return "" if reachable else "OPENAI_BASE_URL and OPENAI_API_KEY are empty"
