"""Messages: what is told, once, to whom, and what is never in them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from detection.clients import current_cluster
from detection.domain.statuses import Status
from detection.models import Incident
from remediation import notifications
from remediation.housekeeping.sweep import sweep
from remediation.models import Delivery, Silence
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db
HOOK = "json://127.0.0.1:9/hook?token=hunter2"


class Post:
    """What would have been sent; `error` is what the targets answer."""

    def __init__(self, error: str = "") -> None:
        self.sent: list[tuple[Sequence[str], str, str]] = []
        self.error = error

    def __call__(self, urls: Sequence[str], title: str, body: str) -> str:
        self.sent.append((urls, title, body))
        return self.error


@pytest.fixture(autouse=True)
def targets(settings: Any) -> None:
    settings.NOTIFY_URLS, settings.KUBEWISE_URL = (HOOK,), "https://kubewise.example.com"


def incident(**fields: Any) -> Incident:
    given = {
        "cluster": current_cluster(), "open_key": "k", "owner_kind": "Deployment",
        "owner_namespace": "shop", "owner_name": "cart", "owner_uid": "u",
        "cause": "BAD_RELEASE", "severity": "critical", "status": Status.ANALYZING,
        "summary": "it crashes", "onset": NOW,
        "first_seen": NOW - timedelta(minutes=5), "last_seen": NOW,
    }  # fmt: skip
    return Incident.objects.create(**(given | fields))


def story(found: Incident, *steps: tuple[float, Status]) -> list[str]:
    """What is told while the incident is moved, `seconds` after it was first seen, and swept."""
    post = Post()
    for seconds, status in steps:
        now = found.first_seen + timedelta(seconds=seconds)
        at(found, status)
        due = notifications.due_notifications(current_cluster(), now)
        if Incident.objects.filter(due, pk=found.pk).exists():
            notifications.notify(found.pk, now, post)
    return [body.partition(" (")[0] for _, _, body in post.sent]


def at(found: Incident, status: Status) -> None:
    Incident.objects.filter(pk=found.pk).update(status=status)


def test_each_state_is_told_once_whatever_is_swept_and_how_often_it_returns() -> None:
    found, post = incident(), Post()
    for status in (Status.DETECTED, Status.ANALYZING, Status.AWAITING_APPROVAL, Status.ESCALATED,
                   Status.AWAITING_APPROVAL, Status.ESCALATED, Status.RESOLVED):  # fmt: skip
        at(found, status)
        for _ in range(3):
            notifications.notify(found.pk, NOW, post)
    told = [body.partition(" (")[0] for _, _, body in post.sent]
    assert told == ["Opened", "Awaiting approval", "Escalated", "Closed"]
    assert set(Delivery.objects.values_list("result", flat=True)) == {"sent"}


def test_a_warning_is_no_message_until_somebody_is_needed() -> None:
    found, post = incident(severity="warning"), Post()
    notifications.notify(found.pk, NOW, post)
    assert post.sent == []
    at(found, Status.RESOLVED)
    notifications.notify(found.pk, NOW, post)
    assert post.sent == [], "closing is told only where something was told before"


A, D = Status.ANALYZING, Status.DETECTED
WAITS, HANDED, OVER = Status.AWAITING_APPROVAL, Status.ESCALATED, Status.RESOLVED
ACTED = Status.VERIFICATION_PENDING


@pytest.mark.parametrize(
    ("severity", "steps", "told"),
    [
        ("critical", [(0, D), (5, A), (6, WAITS), (70, WAITS), (90, OVER)],
         ["Opened, awaiting approval", "Closed"]),
        ("critical", [(0, D), (5, A), (10, ACTED), (90, OVER)], ["Opened", "Closed"]),
        ("critical", [(0, D), (16, A), (30, WAITS), (90, OVER)],
         ["Opened", "Awaiting approval", "Closed"]),
        ("critical", [(0, D), (5, WAITS), (90, A), (95, WAITS), (200, HANDED), (300, OVER)],
         ["Opened, awaiting approval", "Escalated", "Closed"]),
        ("warning", [(0, D), (5, WAITS), (59, WAITS), (59.5, OVER)], []),
        ("warning", [(0, D), (5, WAITS), (60, WAITS), (61, WAITS), (90, OVER)],
         ["Opened, awaiting approval", "Closed"]),
        ("warning", [(0, D), (5, A), (70, ACTED), (90, OVER)], []),
        ("critical", [(0, ACTED), (90, OVER), (150, ACTED), (160, ACTED), (400, OVER), (410, OVER)],
         ["Opened", "Closed", "Reopened", "Closed again"]),
        ("warning", [(0, ACTED), (90, OVER), (150, ACTED), (400, OVER)], []),
        ("info", [(0, D), (70, WAITS), (80, HANDED), (90, OVER)], []),
    ],
)  # fmt: skip
def test_a_story_is_told_in_few_messages(
    severity: str, steps: list[tuple[float, Status]], told: list[str]
) -> None:
    assert story(incident(severity=severity), *steps) == told


def test_the_grace_time_is_a_setting(settings: Any) -> None:
    settings.NOTIFY_GRACE_SECONDS = 0
    assert story(incident(severity="warning"), (0, WAITS)) == ["Opened, awaiting approval"]


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_an_anomaly_of_metrics_alone_is_no_message(severity: str) -> None:
    found = incident(severity=severity, cause="METRIC_ANOMALY")
    assert story(found, (0, D), (70, WAITS), (80, HANDED), (90, OVER)) == []


def test_a_symptom_of_another_incident_tells_nothing_of_its_own() -> None:
    found = incident(parent=incident(open_key="root", owner_name="node"))
    assert story(found, (0, D), (70, WAITS), (80, HANDED), (90, OVER)) == []


def test_a_failed_delivery_is_on_record_and_not_repeated() -> None:
    found, post = incident(), Post("not delivered to: json")
    notifications.notify(found.pk, NOW, post)
    notifications.notify(found.pk, NOW, post)
    row = Delivery.objects.get()
    assert (row.result, row.error, row.targets) == ("failed", "not delivered to: json", ["json"])
    assert len(post.sent) == 1
    assert "hunter2" not in json.dumps([row.targets, row.error])


def test_a_worker_that_died_while_sending_is_seen_and_nobody_sends_again() -> None:
    found = incident()

    def dies(*given: Any) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        notifications.notify(found.pk, NOW, dies)
    post = Post()
    notifications.notify(found.pk, NOW, post)
    assert post.sent == []
    assert Delivery.objects.get().result == "sending"


def test_a_silence_stops_the_message() -> None:
    found, post = incident(), Post()
    Silence.objects.create(
        cluster=found.cluster, author="ada", reason="known", starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    notifications.notify(found.pk, NOW, post)
    assert post.sent == []


def test_the_link_opens_the_incident_and_every_title_of_it_is_the_same() -> None:
    found, post = incident(), Post()
    notifications.notify(found.pk, NOW, post)
    at(found, Status.ESCALATED)
    notifications.notify(found.pk, NOW, post)
    titles, bodies = {title for _, title, _ in post.sent}, [body for _, _, body in post.sent]
    assert titles == {f"[KubeWise #{found.pk}] Deployment shop/cart"}
    link = f"https://kubewise.example.com/admin/detection/incident/{found.pk}/change/"
    assert all(body.endswith(link) for body in bodies)
    assert not any("approve" in body.replace("Awaiting approval", "") for body in bodies)


def test_mail_of_one_incident_answers_one_thread() -> None:
    found = incident()
    url = notifications.threaded("mailto://u:p@example.com?to=a@example.com", found)
    assert f"+In-Reply-To=%3Cincident-{found.pk}%40kubewise%3E" in url


def test_the_clusters_words_are_masked_and_no_markup() -> None:
    hostile = "<http://evil|click> @here `x` \x1b[31m password=hunter2hunter2\nsecond line \u202e"
    said = notifications.one_line(hostile)
    assert not set("<>`@\x1b\n\u202e") & set(said)
    assert "hunter2hunter2" not in said


def test_the_sweep_publishes_what_is_due_and_stops_when_it_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, published = incident(), []
    monkeypatch.setattr("kubewise_site.pipeline.notify", published.append)
    monkeypatch.setattr("kubewise_site.pipeline.advance", lambda record_id: None)
    sweep(NOW)
    assert published == [found.pk]
    notifications.notify(found.pk, NOW, Post())
    sweep(NOW)
    assert published == [found.pk]


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real peer for apprise's own JSON target."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given: Any) -> None:
            """Quiet."""

    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{made.server_port}/hook", got
    made.shutdown()
    made.server_close()
    thread.join()


def test_apprise_delivers_to_a_real_server_and_names_the_kind_that_failed(
    server: tuple[str, list[dict[str, Any]]],
) -> None:
    url, got = server
    assert notifications.send([url], "title", "body") == ""
    assert (got[0]["title"], got[0]["message"]) == ("title", "body")
    assert notifications.send(["json://127.0.0.1:1/x"], "title", "body") == "not delivered to: json"
    assert notifications.send(["nonsense"], "title", "body") == "not delivered to: unknown"
