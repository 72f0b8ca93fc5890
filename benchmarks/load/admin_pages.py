"""How fast the admin answers with a million incidents: `python -m benchmarks.load.admin_pages`.

Asks each page through the whole of Django, in this process, without the network. Prints a table;
exits 1 where a page's p95 is over 300 ms or it takes another number of queries than the pinned.
The database is shared with `benchmarks.load.events` and kept: see `benchmarks.load.database`.
"""

from __future__ import annotations

import sys

from benchmarks.load import database
from benchmarks.load.timing import Address, TimedRequest, report

BAR_SECONDS = 0.3
LIST = "/admin/detection/incident/"
LIST_QUERIES = 4
FILTERS = {
    "open": "",
    "needs me": "state=waiting",
    "over": "state=over",
    "all": "state=all",
    "severity": "state=all&severity__exact=critical",
    "status": "state=all&status__exact=Escalated",
    "status, most": "state=all&status__exact=Resolved",
    "cause": "state=all&cause=BAD_RELEASE",
    "namespace": "state=all&namespace=team-17",
    "rare namespace": "state=all&namespace=team-199",
    "no such namespace": "state=all&namespace=nobody",
    "kind": "state=all&kind=Node",
    "source": "state=all&source=forecast",
    "mode auto": "state=all&mode=auto",
    "mode manual": "state=all&mode=manual",
    "over, severity": "state=over&severity__exact=critical",
    "over, mode auto": "state=over&mode=auto",
    "open, severity": "severity__exact=critical",
    "open, status": "status__exact=Escalated",
    "open, cause": "cause=BAD_RELEASE",
    "open, namespace": "namespace=team-17",
    "open, kind": "kind=Node",
    "open, source": "source=forecast",
    "open, mode auto": "mode=auto",
}


def pages(incidents: int) -> list[TimedRequest]:
    lists = [
        TimedRequest(f"list: {name}", _list(query), LIST_QUERIES) for name, query in FILTERS.items()
    ]
    searches = {
        "search: name": lambda chance: f"state=all&q=app-{chance.randrange(50_000)}",
        "search: a ninth of all": lambda chance: f"state=all&q=app-{chance.randrange(1, 10)}",
        "search: all": lambda _: "state=all&q=app",
        "search: nothing": lambda _: "state=all&q=nobody",
        "search: namespace/beginning": lambda chance: f"state=all&q=team-{chance.randrange(99)}/a",
        "search: among the open": lambda chance: f"q=app-{chance.randrange(1, 10)}",
    }  # fmt: skip
    return [
        TimedRequest("dashboard", lambda _: "/admin/", 21),
        TimedRequest("dashboard: refresh", lambda _: "/admin/fragment/", 21),
        TimedRequest("dashboard: charts", lambda _: "/admin/charts/", 4),
        *lists,
        TimedRequest("list: page 100", _list(f"state=all&p={min(100, incidents // 50)}"),
                     LIST_QUERIES),
        *(TimedRequest(name, _searched(made), LIST_QUERIES) for name, made in searches.items()),
        TimedRequest("incident, acted on", _acted_on(incidents), 12),
        TimedRequest("incident, open", lambda chance: _page(incidents - chance.randrange(30)), 11),
    ]  # fmt: skip


def _page(number: int) -> str:
    return f"{LIST}{number}/change/"


def _acted_on(incidents: int) -> Address:
    """Of every tenth there is a plan, a person's approval and an attempt: the most to show."""
    return lambda chance: _page(1 + 10 * chance.randrange(incidents * 9 // 100))


def _list(query: str) -> Address:
    return lambda _: f"{LIST}?{query}"


def _searched(made: Address) -> Address:
    return lambda chance: f"{LIST}?{made(chance)}"


def main() -> int:
    given = database.options(__doc__).parse_args()
    database.ready(given)
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(username="bench"))
    asked = [one for one in pages(given.incidents) if given.only in one.name]
    return 1 if report(client, asked, given.times, BAR_SECONDS, "page") else 0


if __name__ == "__main__":
    sys.exit(main())
