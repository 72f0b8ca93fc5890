"""The list of events with a million incidents: `python -m benchmarks.load.events`.

The whole request in the server (routing, token, permission, queries, serializing), without the
network. Prints a table; exits 1 where a p95 is over 50 ms or the queries are not the pinned number.
The database is shared with `benchmarks.load.admin_pages` and kept: see `benchmarks.load.database`.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.load import database
from benchmarks.load.timing import Address, TimedRequest, report

BAR_SECONDS = 0.050
EVENTS = "/api/v1/remediation/events"
PAGE_QUERIES = 8
AFTER_QUERIES = 7
NOTHING_QUERIES = 4
NOTHING = ("namespace=nobody", "q=nobody")
FILTERS = (
    "status=AwaitingApproval", "status=Resolved", "severity=critical", "cause=BAD_RELEASE",
    "namespace=team-7", "namespace=team-160", "entity_type=node", "q=app-1", "q=app-4711",
    "q=team-7/app-1", "q=app",
)  # fmt: skip


def requests(incidents: int, transitions: int) -> list[TimedRequest]:
    """The page is the default one of 100 events, unless the name says otherwise."""
    return [
        TimedRequest("first page", lambda _: EVENTS, PAGE_QUERIES),
        TimedRequest("a page deep in", _deep(incidents), PAGE_QUERIES),
        TimedRequest("first page, limit=20", lambda _: f"{EVENTS}?limit=20", PAGE_QUERIES),
        *(TimedRequest(one, _filtered(one), PAGE_QUERIES) for one in FILTERS),
        *(TimedRequest(one, _filtered(one), NOTHING_QUERIES) for one in NOTHING),
        TimedRequest("since", _times("since"), PAGE_QUERIES),
        TimedRequest("until", _times("until"), PAGE_QUERIES),
        TimedRequest("severity, until", _times("severity=critical&until"), PAGE_QUERIES),
        TimedRequest("q, deep in", _deep_by_name(incidents), PAGE_QUERIES),
        TimedRequest("after, at the end", lambda _: f"{EVENTS}?after={transitions - 3}",
                     AFTER_QUERIES),
        TimedRequest("after, anywhere",
                     lambda chance: f"{EVENTS}?after={chance.randrange(transitions)}",
                     AFTER_QUERIES),
    ]  # fmt: skip


def _filtered(query: str) -> Address:
    return lambda _: f"{EVENTS}?{query}"


def _times(name: str) -> Address:
    """A moment of the last year."""

    def address(chance: Random) -> str:
        moment = datetime.now(UTC) - timedelta(days=364 * chance.random())
        return f"{EVENTS}?{name}={quote(moment.isoformat())}"

    return address


def _deep(incidents: int) -> Address:
    """The address of a page anywhere, as `next` gives it."""
    from remediation.api.pagination import position_of

    def address(chance: Random) -> str:
        return f"{EVENTS}?{_cursor(position_of(_incident(chance, incidents), _orders()[0]))}"

    return address


def _deep_by_name(incidents: int) -> Address:
    from remediation.api.pagination import position_of

    def address(chance: Random) -> str:
        position = position_of(_incident(chance, incidents), _orders()[1])
        return f"{EVENTS}?q=app-&{_cursor(position)}"

    return address


def _orders() -> Any:
    from detection.models.indexes import BY_NAME, NEWEST

    return NEWEST, BY_NAME


def _incident(chance: Random, incidents: int) -> Any:
    from detection.models import Incident

    return Incident.objects.only("first_seen", "owner_name").get(pk=1 + chance.randrange(incidents))


def _cursor(position: str) -> str:
    return urlencode({"cursor": b64encode(urlencode({"p": position}).encode()).decode()})


def main() -> int:
    given = database.options(__doc__).parse_args()
    database.ready(given)
    from django.contrib.auth.models import User
    from django.test import Client

    from kubewise_site.core.access import issuing

    user = User.objects.get(username="bench")
    _, token = issuing.issue(user, "bench", ("read",), 1, datetime.now(UTC))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    asked = [one for one in requests(given.incidents, given.transitions) if given.only in one.name]
    return 1 if report(client, asked, given.times, BAR_SECONDS, "request") else 0


if __name__ == "__main__":
    sys.exit(main())
