"""What an incident says about what is foretold: when, how sure, of what."""

from __future__ import annotations

from datetime import datetime, timedelta

from detection.forecasting.trend import Eta

INTERVAL = "90 %"


def prediction(
    metric: str, value: float, limit: float, unit: str, newest: datetime, eta: Eta, text: str
) -> dict[str, object]:
    """`newest`: the sample from which `eta` counts. Plain JSON."""

    def at(seconds: float) -> str:
        return (newest + timedelta(seconds=seconds)).isoformat()

    return {
        "metric": metric,
        "value": value,
        "limit": limit,
        "unit": unit,
        "predicted_at": at(eta.seconds),
        "earliest": at(eta.earliest),
        "latest": at(eta.latest),
        "seconds": round(eta.seconds),
        "earliest_seconds": round(eta.earliest),
        "latest_seconds": round(eta.latest),
        "interval": INTERVAL,
        "text": text,
    }
