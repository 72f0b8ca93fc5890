"""What lines of a log complain of."""

from __future__ import annotations

import pytest

from detection.snapshot.log_errors import KINDS, ErrorKind, complaint_of, complaints_of


@pytest.mark.parametrize(
    ("line", "kind", "host"),
    [
        (
            "dial tcp: lookup orders.shop.svc on 10.96.0.10:53: no such host",
            ErrorKind.NO_NAME,
            "orders.shop.svc",
        ),
        ("ERROR getaddrinfo ENOTFOUND payments-db", ErrorKind.NO_NAME, "payments-db"),
        ("java.net.UnknownHostException: ledger", ErrorKind.NO_NAME, "ledger"),
        (
            'could not translate host name "pg" to address: Temporary failure in name resolution',
            ErrorKind.RESOLVER,
            "pg",
        ),
        ("lookup a.b on 10.96.0.10:53: server misbehaving", ErrorKind.RESOLVER, "a.b"),
        ("dial tcp 10.0.0.3:5432: connect: connection refused", ErrorKind.REFUSED, "10.0.0.3"),
        ("Error: connect ECONNREFUSED 10.96.1.2:8080", ErrorKind.REFUSED, "10.96.1.2"),
        ("read tcp 10.1.2.3:44332->10.4.5.6:443: i/o timeout", ErrorKind.TIMEOUT, "10.4.5.6"),
        ('Get "http://api:8080/x": context deadline exceeded', ErrorKind.TIMEOUT, "api"),
        (
            'FATAL: password authentication failed for user "a" at db.data:5432',
            ErrorKind.AUTH,
            "db.data",
        ),
    ],
)
def test_the_kind_and_the_likeliest_host_are_told(line: str, kind: ErrorKind, host: str) -> None:
    found = complaint_of(line)
    assert found is not None
    assert (found.kind, found.hosts[0]) == (kind, host)


@pytest.mark.parametrize(
    "line",
    ['INFO "GET /healthz HTTP/1.1" 200 2', "done, 0 errors", "connected to db:5432", "", "\x00"],
)
def test_what_is_well_is_no_complaint(line: str) -> None:
    assert complaint_of(line) is None


def test_what_was_over_before_the_log_ended_does_not_count() -> None:
    assert complaints_of("connection refused db:1\nINFO reconnected to db:1") == []
    assert complaints_of("\n".join(["connection refused db:1", *["INFO ok"] * 30])) == []


def test_what_comes_again_and_again_counts_though_much_else_is_written() -> None:
    lines = ["connection refused db:1"] * 3 + ["INFO ok"] * 20
    assert len(complaints_of("\n".join(lines))) == 3


def test_a_hostile_line_is_read_quickly_and_to_its_end() -> None:
    for pattern in KINDS:
        assert pattern[1].search("a" * 100_000 + "\ud800") is None
    assert complaint_of("connection refused " + "a." * 100_000) is not None


def test_the_first_look_loses_no_line_that_a_pattern_knows() -> None:
    words = ("no address associated", "E0102 03:04 boom", 'x" 503 1', "nodename nor servname known")
    for line in words:
        assert complaint_of(line) is not None
