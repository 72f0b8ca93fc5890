"""What is known of the trained model: the manifest that training leaves beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings

MANIFEST = "manifest.json"
UNTRAINED = "no model trained yet"


def model_info() -> dict[str, Any]:
    """The manifest, or honestly that there is none. `threshold` None: none is in force."""
    known = {
        "window_seconds": settings.ANOMALY_METRIC_WINDOW_SECONDS,
        "threshold": settings.AUTOENCODER_THRESHOLD,
    }
    path = Path(settings.AUTOENCODER_MODEL_PATH).with_name(MANIFEST)
    try:
        manifest: dict[str, Any] = dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return known | {"trained": False, "message": UNTRAINED}
    except (OSError, ValueError, TypeError) as error:
        message = f"its manifest can't be read: {type(error).__name__}"
        return known | {"trained": False, "message": message}
    threshold = settings.AUTOENCODER_THRESHOLD
    overridden = {"threshold": threshold} if threshold is not None else {}
    return known | manifest | overridden | {"trained": True}
