"""Secrets go, what a diagnosis needs stays. test_redaction_corpus.py measures how often."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Evidence, Finding, ObjectRef, redacted
from detection.kubernetes.client import KubernetesError
from detection.metrics.responses import Failed
from kubewise_site.core.logging import _redacted
from kubewise_site.core.redaction import redact, redact_all

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
# Made up, and put together here so that no scanner of repositories takes them for real ones.
GITHUB, SLACK = "ghp_" + "a1B2" * 9, "xoxb" + "-12345678901-abcdefABCDEF"
AWS, STRIPE = "AKIA" + "IOSFODNN7EXAMPLE", "sk_live" + "_4eC39HqLyjWDarjtT1zdp7dc"
GOOGLE, NPM = "AIza" + "Sy" + "D" * 33, "npm_" + "x9Y8" * 9
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"

SECRETS = [
    ("password=hunter2-long", "hunter2"),
    ('{"password":"hunter2 and more"}', "hunter2"),
    ("POSTGRES_PASSWORD: hunter2", "hunter2"),
    ("--db-password=hunter2", "hunter2"),
    ("api_key='abcdef123456'", "abcdef"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalr"),
    ("DefaultEndpointsProtocol=https;AccountKey=Zm9vYmFy==;", "Zm9v"),
    ("postgres://app:hunter2@db.shop.svc:5432/app", "hunter2"),
    ("amqp://guest:s3cr3t@mq", "s3cr3t"),
    ("Authorization: Bearer abc123.def456", "abc123"),
    ("authorization: Basic dXNlcjpwYXNzMTIz", "dXNlc"),
    (f"token {JWT} expired", "eyJ"),
    (f"using {GITHUB}", "ghp_"),
    (f"slack {SLACK}", "12345678901"),
    (f"id {AWS}", "IOSFODNN"),
    (f"stripe {STRIPE}", "4eC39"),
    (f"google {GOOGLE}", "DDDD"),
    (f"registry {NPM}", "x9Y8"),
    (f"key:\n{PEM}\nend", "MIIEow"),
    ("-----BEGIN PRIVATE KEY-----\nMIIcut off", "MIIcut"),
    ("mail to alice.b@corp.example failed", "alice"),
    ("LICENSE=ABCD-EFGH-1234", "EFGH"),
    ("- name: LICENSE\n  value: x9Kq2LmZ8w", "Kq2LmZ"),
    ('{"name": "LICENSE", "value": "x9Kq2LmZ8w"}', "Kq2LmZ"),
    ("set-cookie: session=abcdefgh", "abcdefgh"),
]

KEPT = [
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "registry.example.com:5000/shop/cart@sha256:" + "9f" * 32,
    "pod cart-7d9f8b6c5-x2x9q in namespace shop",
    "uid 2b1f6c1e-7d1f-4c62-9a55-0b9a6f1d2c3e",
    'secret "db-credentials" not found',
    'MountVolume.SetUp failed for volume "db-secret" : secret "db-secret" not found',
    "couldn't find key password in Secret shop/db",
    "no basic auth credentials",
    "pull access denied, repository does not exist or may require authorization",
    "imagePullSecrets: [regcred]",
    'container_memory_working_set_bytes{pod="cart"} 99614720',
    "dial tcp 10.0.0.7:5432: connect: connection refused",
    "http://cart.shop.svc:8080/health?x=1: 503",
    "/var/lib/kubelet/pods/2b1f/volumes/token",
    "exit code 137, limit 512Mi, 3 restarts",
    "GOMAXPROCS=4",
    "DEBUG=true",
    "requires basic authentication",
    "open /etc/db-password: permission denied",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_goes_and_says_what_it_was(text: str, secret: str) -> None:
    found = redact(text)
    assert secret not in found
    assert "[redacted:" in found


@pytest.mark.parametrize("text", KEPT)
def test_what_a_diagnosis_needs_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_second_time_changes_nothing(text: str, secret: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_the_rest_of_the_line_stays() -> None:
    assert redact("connect postgres://app:pw@db:5432/x failed after 3 s") == (
        "connect postgres://[redacted:credentials]@db:5432/x failed after 3 s"
    )


def test_texts_within_lists_and_mappings_are_redacted() -> None:
    assert redact_all({"a": ["password=hunter2", 3, None]}) == {
        "a": ["password=[redacted:secret]", 3, None]
    }


@given(st.text(max_size=300))
def test_any_text_is_read_quickly_and_to_its_end(text: str) -> None:
    assert isinstance(redact(text), str)


HOSTILE = (
    "a" * 100_000,
    "password" * 20_000,
    "a-" * 50_000,
    "eyJ" + "a" * 100_000,
    "x@" * 30_000,
    "A=" * 30_000,
    "a://" * 30_000,
    "name: " * 20_000,
    "name:" + " " * 100_000,
    "bearer " * 20_000,
    "-----BEGIN PRIVATE KEY-----" * 2_000,
    'password="' * 10_000,
    "'" * 50_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: str(text[:12]))
def test_a_long_hostile_line_takes_no_time(text: str) -> None:
    began = time.monotonic()
    redact(text)
    assert time.monotonic() - began < 3


def test_errors_findings_logs_and_signs_of_life_are_redacted_where_they_are_made() -> None:
    text, now = "dial postgres://app:hunter2-long@db/x", datetime(2026, 3, 1, tzinfo=UTC)
    said = [
        str(KubernetesError(text)),
        str(Failed(text)),
        str(_redacted(None, "error", {"event": text, "error": text})),
    ]
    owner = ObjectRef("Pod", "shop", "cart", "u")
    found = Finding(
        Cause.BARE_POD_FAILING, owner, Severity.WARNING, text, now, now,
        evidence=(Evidence("log", text),),
    )  # fmt: skip
    assert "hunter2" not in "".join([*said, str(redacted(found))])
