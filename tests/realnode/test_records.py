"""What real nodes gave, and what is to be said about it: the cause, and the deciding sentence."""

from __future__ import annotations

import pytest

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.snapshot import Snapshot
from remediation.playbooks import PLAYBOOKS
from tests.detection.builders import incidents
from tests.realnode.played import cases_of, only, recorded, snapshot_of_record

# Case → the cause, and words that must stand in the summary or the evidence.
TOLD: dict[str, tuple[Cause, str]] = {
    "missing": (Cause.IMAGE_NOT_FOUND, "registry.test/app:nope"),
    "missing-repository": (Cause.IMAGE_NOT_FOUND, "registry.test/nope/nope:1"),
    "private": (Cause.PULL_UNAUTHORIZED, "401 Unauthorized"),
    "registry-down": (Cause.REGISTRY_DOWN, "connection refused"),
    "registry-unknown": (Cause.IMAGE_NOT_FOUND, "no such host"),
    "bad-name": (Cause.IMAGE_NOT_FOUND, "must be lowercase"),
    "never": (Cause.IMAGE_NOT_FOUND, "its pull policy Never forbids to pull it"),
    "architecture": (Cause.WRONG_ARCH, "exec format error"),
    "config-map": (Cause.CONFIGMAP_MISSING, 'configmap "absent" not found'),
    "secret-key": (Cause.SECRET_MISSING, "couldn't find key absent"),
    "secret-volume": (Cause.SECRET_MISSING, 'secret "absent" not found'),
    "host-path": (Cause.MOUNT_FAILED, "/no/such/directory is not a directory"),
    "non-root": (Cause.CONTAINER_NOT_STARTED, "image will run as root"),
    "bad-command": (Cause.BAD_COMMAND, "/no/such/program: no such file or directory"),
    "bad-directory": (Cause.BAD_COMMAND, "/actor: not a directory"),
    "exit-127": (Cause.BAD_COMMAND, "no-such-program: not found"),
    "read-only": (Cause.CRASH_NO_HISTORY, "read-only file system"),
    "crash": (Cause.CRASH_NO_HISTORY, "DATABASE_URL is not set"),
    "message": (Cause.CRASH_NO_HISTORY, "licence expired on 2026-01-01"),
    "last-words": (Cause.CRASH_NO_HISTORY, "schema version 7, want 9"),
    "oom": (Cause.OOM_LIMIT_LOW, "its limit is 30Mi"),
    "oom-start": (Cause.SANDBOX_FAILED, "memory limit 2Mi is too small to start"),
    "init-crash": (Cause.INIT_CRASH, "no such table"),
    "sidecar-crash": (Cause.CRASH_NO_HISTORY, "proxy: no certificate"),
    "sidecar-stuck": (Cause.LIVENESS_MISCONFIG, "the startup probe kills container proxy"),
    "second-crash": (Cause.CRASH_NO_HISTORY, "exporter: no target"),
    "post-start": (Cause.CONTAINER_NOT_STARTED, "no licence"),
    "job": (Cause.JOB_FAILED, "BackoffLimitExceeded"),
    "job-deadline": (Cause.JOB_FAILED, "DeadlineExceeded"),
    "bare": (Cause.BARE_POD_FAILING, "bare pod fails"),
    "startup": (Cause.LIVENESS_MISCONFIG, "the startup probe kills container app"),
    "readiness": (Cause.READINESS_MISCONFIG, "statuscode: 503"),
    "readiness-port": (Cause.READINESS_MISCONFIG, "9090: connect: connection refused"),
    "readiness-tcp": (Cause.READINESS_MISCONFIG, "9090: connect: connection refused"),
    "readiness-exec": (Cause.READINESS_MISCONFIG, "connection refused"),
    "readiness-slow": (Cause.READINESS_MISCONFIG, "context deadline exceeded"),
    "readiness-grpc": (Cause.READINESS_MISCONFIG, "failed to connect service"),
    "liveness": (Cause.LIVENESS_MISCONFIG, "statuscode: 503"),
    "liveness-port": (Cause.LIVENESS_MISCONFIG, "9090: connect: connection refused"),
    "liveness-exec": (Cause.LIVENESS_MISCONFIG, "timed out after 1s"),
    "too-big": (Cause.INSUFFICIENT_CAPACITY, "Insufficient memory"),
    "host-port": (Cause.HOST_PORT_TAKEN, "didn't have free ports"),
    "disk": (Cause.PODS_EVICTED, "exceeds the total limit of containers 30Mi"),
    "empty-dir": (Cause.PODS_EVICTED, 'EmptyDir volume "e" exceeds the limit "20Mi"'),
    "claim": (Cause.MOUNT_FAILED, 'path "/var/lib/absent" does not exist'),
    "daemon": (Cause.CRASH_NO_HISTORY, "exit code 1"),
}
NOTHING_YET = {
    "web": "healthy",
    "pulled": "healthy",
    "sidecar": "healthy",
    "job-ok": "healthy",
    "hang": "healthy until it is deleted",
    "init-hang": "seven minutes are no hang of an init container yet (init_seconds)",
    "oom-child": "no status and no event shows it, only a metric",
    "throttled": "only a metric shows it",
}
# Where containerd 2.4 says it otherwise. The node withheld an image that had been pulled with a
# Secret, under its other names too, so three cases came no further than their image.
WITHHELD = (Cause.IMAGE_NOT_FOUND, "registry.test/app:good")
OF_CURRENT: dict[str, tuple[Cause, str]] = {
    "private": (Cause.PULL_UNAUTHORIZED, "no basic auth credentials"),
    "exit-127": WITHHELD,
    "post-start": WITHHELD,
    "oom-child": WITHHELD,
}


@pytest.fixture(scope="module", params=["debian", "current"])
def record(request: pytest.FixtureRequest) -> tuple[str, Snapshot]:
    return request.param, snapshot_of_record(request.param)


def of(snapshot: Snapshot, case: str) -> list[Finding]:
    return incidents(only(snapshot, case))


def text_of(finding: Finding) -> str:
    return "\n".join([finding.summary, *(item.text for item in finding.evidence)])


def test_each_case_has_its_cause_and_the_sentence_that_decides(
    record: tuple[str, Snapshot],
) -> None:
    name, snapshot = record
    wrong = {}
    told = TOLD | OF_CURRENT if name == "current" else TOLD
    for case in sorted(cases_of(snapshot) & told.keys()):
        cause, words = told[case]
        found = of(snapshot, case)
        if [item.cause for item in found] != [cause] or words not in text_of(found[0]):
            wrong[case] = [(item.cause, text_of(item)) for item in found]
    assert wrong == {}


def test_what_is_well_or_cannot_be_seen_there_is_no_incident(record: tuple[str, Snapshot]) -> None:
    name, snapshot = record
    withheld = OF_CURRENT.keys() if name == "current" else ()
    quiet = cases_of(snapshot) & NOTHING_YET.keys() - set(withheld)
    found = {case: of(snapshot, case) for case in quiet}
    assert {case: found[case] for case in found if found[case]} == {}


def test_every_case_of_the_records_is_judged() -> None:
    every = cases_of(snapshot_of_record("debian"))
    assert TOLD.keys() | NOTHING_YET.keys() >= every | cases_of(snapshot_of_record("current"))
    assert len(recorded("debian")["pods"]) > 100, "the record is there"


ADVICE = {
    "startup": '"containers":[{"name":"app","startupProbe":{"httpGet"',
    "sidecar-stuck": '"initContainers":[{"name":"proxy","startupProbe":{"httpGet"',
    "liveness-exec": '"livenessProbe":{"exec":{"command"',
    "readiness-tcp": '"readinessProbe":{"tcpSocket":{"port"',
    "readiness-grpc": '"readinessProbe":{"grpc":{"port"',
    "oom-start": "Raise the memory limit",
    "never": "Set imagePullPolicy to IfNotPresent",
}


@pytest.mark.parametrize("case", ADVICE)
def test_the_advice_names_the_right_list_probe_and_field(case: str) -> None:
    (found,) = of(snapshot_of_record("debian"), case)
    advice = "\n".join(PLAYBOOKS[found.cause].advice(found))
    assert ADVICE[case] in advice


def test_new_causes_are_left_to_people() -> None:
    for cause in (Cause.CONTAINER_NOT_STARTED, Cause.HOST_PORT_TAKEN, Cause.PODS_EVICTED):
        assert [offer.family for offer in PLAYBOOKS[cause].offers] == ["escalate"]
