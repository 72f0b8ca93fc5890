"""Every target; importing this registers them."""

from tests.fuzz.target import TARGETS
from tests.fuzz.targets import cluster, metrics, models, settings, stored, texts, web

__all__ = ["TARGETS", "cluster", "metrics", "models", "settings", "stored", "texts", "web"]
