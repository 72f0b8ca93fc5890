"""What is being watched, over REST."""

from __future__ import annotations

from datetime import UTC, datetime

from detection.clients import current_cluster
from detection.incidents.watched import watch
from tests.detection.incidents.test_watched import sign
from tests.kubewise_site.api_client import Api

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_api_lists_it(api: Api) -> None:
    watch(current_cluster(), [sign()], [], NOW)
    answer = api.get("watched").json()
    assert answer["count"] == 1
    assert answer["watched"][0]["owner_name"] == "cart"
    assert answer["watched"][0]["opens_at"] == "2026-03-01T12:05:00Z"
