"""403 has two meanings: a right is missing, or admission denied a request that was allowed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import (
    Conflict,
    Connection,
    Forbidden,
    Invalid,
    KubernetesError,
    NotFound,
    TooManyRequests,
)
from detection.kubernetes.label_selectors import selector_of, selects
from detection.kubernetes.resources import BY_KIND, ListedResource
from remediation.actions.base import ATTEMPT, Object, Patch, put
from remediation.digests import spec_hash

# RBAC's own sentence, `User "x" cannot patch resource "pods" in API group …`, stands first: what
# follows it (a name, a reason) is anybody's text.
RBAC = re.compile(r'User "[^"]*" cannot \w+ resource "')
ADMISSION = re.compile(
    r"admission webhook .{1,300}? denied the request|denied request: |ValidatingAdmissionPolicy"
    r"|is forbidden: exceeded quota|is forbidden: failed quota|violates PodSecurity"
    r"|is forbidden: (?:maximum|minimum) \w+ usage per|because it is being terminated",
    re.DOTALL,
)


def is_admission(error: Forbidden) -> bool:
    """Whether a webhook, policy, quota or LimitRange denied it. In doubt, a right is missing."""
    text = str(error.body.get("message") or "") if isinstance(error.body, dict) else ""
    text = text or str(error)
    return RBAC.search(text) is None and ADMISSION.search(text) is not None


FIELD_MANAGER = "kubewise"
CONFLICT_RETRIES = 3
MOST_PAGES = 1000
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0)
LOG_LINES = 100
LOG_LIMIT_BYTES = 64 * 1024
JSON_PATCH = "application/json-patch+json"
T = TypeVar("T")
MayGo = Callable[[], str]


class WritingStopped(Exception):
    """Mode, stop switch or lease says no; nothing more is sent."""


class ObjectChanged(Exception):
    """The object is another one, or its spec changed since it was looked at."""


# The kinds that remediation may address at all. A kind more is a right more: a test pins them.
KINDS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ControllerRevision",
    "Job",
    "CronJob",
    "Pod",
    "Event",
    "ConfigMap",
    "PersistentVolumeClaim",
    "ServiceAccount",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "LimitRange",
    "ResourceQuota",
    "Node",
)
RESOURCES: Mapping[str, ListedResource] = {kind: BY_KIND[kind] for kind in KINDS}


@dataclass(frozen=True)
class Session:
    """One attempt's way to the cluster. `until` ends it on the monotonic clock.

    `may_go` is asked before each call, `may_write` before each real write as well.

    `sent` holds one entry for each real write that went out: from then on only the cluster knows.
    """

    connection: Connection
    may_go: MayGo = lambda: ""
    may_write: MayGo = lambda: ""
    until: float = float("inf")
    sent: list[str] = field(default_factory=list)
    forbids: Callable[[Object], str] = lambda seen: ""

    def require_consent(self, seen: Object) -> None:
        """Raises WritingStopped where the object as it was read forbids a write."""
        if reason := self.forbids(seen):
            raise WritingStopped(reason)

    def call(self, request: Callable[[], T], writes: str = "") -> T:
        """One request, tried again while the server is overloaded and the lease lasts.

        A real write (`writes` names it) is tried again after a 429 alone: a 5xx may have followed
        the change. Raises WritingStopped, or the KubernetesError of the last try.
        """
        for delay in (*BACK_OFF_SECONDS, None):
            self._check(writes)
            if writes:
                self.sent.append(writes)
            try:
                return request()
            except KubernetesError as error:
                again = _throttled(error) or (error.status >= 500 and not writes)
                if delay is None or not again or time.monotonic() + delay > self.until:
                    raise
                time.sleep(delay)
        raise AssertionError("unreachable: the last delay is None")

    def _check(self, writes: str) -> None:
        """The clock last: asking the cluster and the database takes time, too."""
        if reason := (self.may_write() if writes else "") or self.may_go():
            raise WritingStopped(reason)
        if time.monotonic() > self.until:
            raise WritingStopped("the lease ran out")


def path_of(ref: ObjectRef, subresource: str = "") -> str:
    """The API path of an object. Raises KeyError for kinds that are never read or written."""
    resource = RESOURCES[ref.kind]
    parts = [resource.root]
    if resource.namespaced:
        parts.append(f"namespaces/{ref.namespace}")
    parts += [resource.plural, ref.name, *([subresource] if subresource else [])]
    return "/".join(parts)


def read(session: Session, ref: ObjectRef) -> dict[str, Any]:
    """The object as etcd has it now (no resourceVersion=0). Raises KubernetesError, ObjectChanged.

    ObjectChanged where another object has its name: `ref.uid` is compared where it is given.
    """
    found: dict[str, Any] = json.loads(session.call(lambda: session.connection.get(path_of(ref))))
    if ref.uid and found["metadata"].get("uid") != ref.uid:
        raise ObjectChanged(f"{ref} is another object now: its UID differs")
    return found


def list_of(
    session: Session, kind: str, namespace: str, selector: str, fields: str = ""
) -> list[dict[str, Any]]:
    """Objects of a kind by label and field selector, read from etcd; namespace '' for all."""
    resource = RESOURCES[kind]
    where = f"/namespaces/{namespace}" if namespace and resource.namespaced else ""
    given = {"labelSelector": selector, "fieldSelector": fields}
    query = {name: value for name, value in given.items() if value}
    path = f"{resource.root}{where}/{resource.plural}"
    items: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        body = json.loads(session.call(lambda: session.connection.get(path, query)))
        items += body.get("items") or []
        token = (body.get("metadata") or {}).get("continue")
        if not token:
            break
        query["continue"] = token
    return items


def patch(
    session: Session, ref: ObjectRef, seen: Object, change: Patch, dry_run: bool
) -> dict[str, Any]:
    """Patch the object as it was `seen`; the answer is the object after it.

    A dry run tests the UID alone: resourceVersions change every few seconds while pods crash.
    Raises Conflict or Invalid where it changed since, Forbidden with verb and resource.
    """
    tested = ("uid",) if dry_run else ("uid", "resourceVersion")
    tests = [
        {"op": "test", "path": f"/metadata/{name}", "value": seen["metadata"][name]}
        for name in tested
    ]
    path, body = path_of(ref), [*tests, *change]
    if not dry_run:
        session.require_consent(seen)

    def request() -> bytes:
        return session.connection.request("PATCH", path, _query(dry_run), body, JSON_PATCH)

    try:
        answer: dict[str, Any] = json.loads(session.call(request, _real(ref, dry_run)))
    except Forbidden as error:
        raise _with_verb_and_resource(error, "patch", ref) from error
    return answer


def write(
    session: Session,
    ref: ObjectRef,
    seen: Object,
    change_of: Callable[[Object], Patch],
    attempt: str,
) -> dict[str, Any]:
    """Write for good; after a conflict read again, and go on only if the spec is unchanged.

    An object that already carries this attempt's annotation was written by it: nothing is sent.
    Raises ObjectChanged, WritingStopped, KubernetesError.
    """
    wanted = spec_hash(seen)
    for _ in range(CONFLICT_RETRIES):
        if attempt_of(seen) == attempt:
            return dict(seen)
        try:
            return patch(session, ref, seen, [*change_of(seen), *_mark(seen, attempt)], False)
        except (Conflict, Invalid) as error:
            seen = _again(session, ref, seen, wanted, attempt, error)
    raise ObjectChanged(f"{ref} kept changing: {CONFLICT_RETRIES} tries")


def _again(
    session: Session,
    ref: ObjectRef,
    seen: Object,
    wanted: str,
    attempt: str,
    error: KubernetesError,
) -> dict[str, Any]:
    """The object read anew after `error`, where that is worth another try."""
    fresh = read(session, ref)
    if attempt_of(fresh) == attempt:
        return fresh
    same = fresh["metadata"]["resourceVersion"] == seen["metadata"]["resourceVersion"]
    if isinstance(error, Invalid) and same:
        raise error
    if spec_hash(fresh) != wanted:
        raise ObjectChanged(f"the spec of {ref} changed meanwhile") from error
    return fresh


def evict(
    session: Session, ref: ObjectRef, dry_run: bool, grace_seconds: int | None = None
) -> None:
    """Evict the pod with this UID, with its normal grace. Raises as `patch` does.

    A PodDisruptionBudget's refusal is TooManyRequests and is not tried again. Never grace 0.
    """
    options: dict[str, Any] = {"preconditions": {"uid": ref.uid}}
    if grace_seconds:
        options["gracePeriodSeconds"] = grace_seconds
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "deleteOptions": options,
    }
    path = path_of(ref, "eviction")
    try:
        session.call(
            lambda: session.connection.request("POST", path, _query(dry_run), body),
            _real(ref, dry_run),
        )
    except Forbidden as error:
        raise _with_verb_and_resource(error, "create eviction of", ref) from error


def create(session: Session, kind: str, body: Object, dry_run: bool) -> dict[str, Any]:
    """Create the object; Conflict where its name is taken. Raises as `patch` does."""
    meta = body["metadata"]
    ref = ObjectRef(kind, meta["namespace"], meta["name"], "")
    path = path_of(ref).rpartition("/")[0]
    try:
        answer = session.call(
            lambda: session.connection.request("POST", path, _query(dry_run), body),
            _real(ref, dry_run),
        )
    except Forbidden as error:
        raise _with_verb_and_resource(error, "create", ref) from error
    made: dict[str, Any] = json.loads(answer)
    return made


def _query(dry_run: bool) -> dict[str, str]:
    return {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})


def logs(session: Session, ref: ObjectRef, container: str = "", previous: bool = False) -> str:
    """The last lines of a pod's log, at most 64 KiB."""
    query = {"tailLines": str(LOG_LINES), "limitBytes": str(LOG_LIMIT_BYTES)}
    query |= {"container": container} if container else {}
    query |= {"previous": "true"} if previous else {}
    path = path_of(ref, "log")
    text = session.call(lambda: session.connection.get(path, query, accept="*/*"))
    return text[:LOG_LIMIT_BYTES].decode("utf-8", "replace")


def events(session: Session, ref: ObjectRef) -> list[str]:
    """The latest events about an object, one line each."""
    path = f"/api/v1/namespaces/{ref.namespace or 'default'}/events"
    query = {"fieldSelector": f"involvedObject.name={ref.name}", "limit": "100"}
    found = json.loads(session.call(lambda: session.connection.get(path, query)))
    items = found.get("items") or []
    return [f"{item.get('reason', '')}: {item.get('message', '')}"[:500] for item in items[-20:]]


def budgets_over(
    session: Session, namespace: str, labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    """PodDisruptionBudgets that select these labels; [] where they can't be read."""
    try:
        items = list_of(session, "PodDisruptionBudget", namespace, "")
    except (Forbidden, NotFound):
        return []
    found = ((item, (item.get("spec") or {}).get("selector")) for item in items)
    return [item for item, selector in found if selects(selector_of(selector), labels)]


def exists(session: Session, ref: ObjectRef) -> bool:
    try:
        read(session, ref)
    except NotFound:
        return False
    return True


def attempt_of(found: Object) -> str:
    """Which attempt wrote this object last; '' for none."""
    return str((found["metadata"].get("annotations") or {}).get(ATTEMPT, ""))


def _mark(seen: Object, attempt: str) -> Patch:
    return put(seen, ("metadata", "annotations", ATTEMPT), attempt)


def _real(ref: ObjectRef, dry_run: bool) -> str:
    return "" if dry_run else str(ref)


def _throttled(error: KubernetesError) -> bool:
    """429, not by a disruption budget: nothing was done, and trying again can help."""
    if not isinstance(error, TooManyRequests):
        return False
    details = (error.body or {}).get("details") or {}
    causes = details.get("causes") or []
    budget = any(cause.get("reason") == "DisruptionBudget" for cause in causes)
    return not budget and "disruption budget" not in str(error)


def _with_verb_and_resource(error: Forbidden, verb: str, ref: ObjectRef) -> Forbidden:
    """With verb and resource where RBAC refused; an admission that denies is no missing right."""
    what = f"{verb} {RESOURCES[ref.kind].plural} in {ref.namespace!r}"
    refused = "admission refuses to" if is_admission(error) else "the act account may not"
    return Forbidden(f"{refused} {what}: {error}", error.status, error.reason, error.body)
