"""A few minutes of a day, through the product's own tasks, on the moved clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import override_settings

from benchmarks.soak import judge, records
from benchmarks.soak.life import CACHE, born
from benchmarks.soak.plan import Planned
from benchmarks.soak.stage import BEGIN, inbox, stage
from kubewise_site.core import clock
from simulator.http.in_process import answered_in_process

CHECKOUT = "shop/deployment/checkout"


@pytest.mark.django_db(transaction=True)
def test_a_fault_is_struck_found_told_and_judged_by_the_simulators_time(tmp_path: Path) -> None:
    planned = [Planned(BEGIN + timedelta(seconds=20), "crash_loop", CHECKOUT, 600.0)]
    with (
        stage(1) as simulator,
        inbox() as box,
        born(simulator, planned, tmp_path, box.target) as life,
    ):
        for _ in life.live(BEGIN + timedelta(minutes=3)):
            pass
        told = records.incidents(life.watcher)
        judged = judge.judge(told, life.spans, life.owners.aliases)
    assert life.passes == 12
    assert not life.failures
    assert [(span.fault, span.owner) for span in life.spans] == [
        ("crash_loop", ("Deployment", "shop", "checkout"))
    ]
    found = judged.found[1]
    assert BEGIN < found.opened < BEGIN + timedelta(minutes=3)
    assert found.decided is not None
    assert abs(clock.now() - BEGIN) > timedelta(days=1), "the wall clock is not back"
    assert box.received == sum(one.messages for one in told)


def test_the_cache_forgets_by_the_moved_clock() -> None:
    moment = [BEGIN]
    clock.use(lambda: moment[0])
    try:
        with override_settings(CACHES={"default": {"BACKEND": CACHE, "LOCATION": "test"}}):
            cache.set_many({"a": {"x": [1]}}, timeout=60)
            assert cache.add("once", 1, timeout=10)
            assert not cache.add("once", 1, timeout=10)
            assert cache.incr("once") == 2
            moment[0] += timedelta(seconds=59)
            assert cache.get_many(["a", "once"]) == {"a": {"x": [1]}}
            moment[0] += timedelta(seconds=1)
            assert cache.get("a", "gone") == "gone"
            with pytest.raises(ValueError, match="there is no 'once'"):
                cache.incr("once")
            cache.clear()
    finally:
        clock.use()


def test_what_is_answered_in_process_is_what_the_server_answers() -> None:
    import requests

    with stage(1) as simulator:
        headers = {"Authorization": "Bearer read-token"}
        urls = [f"{simulator.url}/api/v1/namespaces/shop/services",
                f"{simulator.url}/api/v1/namespaces/shop/services/none",
                f"{simulator.prometheus_url}/api/v1/query?query=up"]  # fmt: skip
        served = [requests.get(url, headers=headers, timeout=10) for url in urls]
        simulator.server.handle = lambda request: pytest.fail("a socket was used")
        with answered_in_process(simulator):
            handed = [requests.get(url, headers=headers, timeout=10) for url in urls]
    pairs = zip(served, handed, strict=True)
    assert all((a.status_code, a.json()) == (b.status_code, b.json()) for a, b in pairs)
    assert [one.status_code for one in served] == [200, 404, 200]
