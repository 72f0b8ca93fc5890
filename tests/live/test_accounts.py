"""The ServiceAccounts of deploy/k8s/ are enough and no more; one that is too small says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.kubernetes.resources import RESOURCES
from detection.models import Incident
from detection.snapshot.scan import scan
from remediation.actions import CATALOGUE
from remediation.models import Attempt, Budget
from tests.contract.objects import MISSING
from tests.contract.target import Space
from tests.controlplane.rest import Api, Json
from tests.controlplane.up import Cluster
from tests.live.accounts import Accounts
from tests.live.kubewise import KubeWise, reasons
from tests.live.scenes import broken_release, image_now

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
ELSEWHERE = "kube-public"
UNLISTED = ("bind", "escalate", "impersonate", "approve", "sign")
Right = tuple[str, str, str]

READS: set[Right] = {
    ("" if one.is_core else one.group_version.partition("/")[0], one.plural, verb)
    for one in RESOURCES
    for verb in ("get", "list")
} | {("", "serviceaccounts", "get"), ("", "pods/log", "get")}
ACTS: set[Right] = {
    (right.group, right.resource, right.verb)
    for action in CATALOGUE.values()
    for right in action.rights
}
OF_NODES: set[Right] = {right for right in ACTS if right[1] == "nodes"}


@pytest.fixture(scope="module")
def known(cluster: Cluster) -> set[Right]:
    """Every right that there is a name for: what discovery lists, and what we ask for beyond."""
    roots = ["/api/v1"] + [
        f"/apis/{group['preferredVersion']['groupVersion']}"
        for group in cluster.api.get("/apis").ok()["groups"]
    ]
    listed = {right for root in roots for right in rights_of(cluster.api.get(root).ok())}
    return listed | READS | ACTS


def rights_of(discovered: Json) -> set[Right]:
    group = str(discovered["groupVersion"]).rpartition("/")[0]
    return {
        (group, resource["name"], verb)
        for resource in discovered["resources"]
        for verb in (*resource["verbs"], *UNLISTED)
    }


def granted(api: Api, rights: set[Right], namespace: str) -> set[Right]:
    """Those of `rights` that the API server grants this account in `namespace`."""

    def is_granted(right: Right) -> bool:
        group, resource, verb = right
        plural, _, sub = resource.partition("/")
        asked = {"group": group, "resource": plural, "subresource": sub, "verb": verb}
        review = {"spec": {"resourceAttributes": asked | {"namespace": namespace}}}
        return bool(api.create(REVIEWS, review).ok()["status"]["allowed"])

    with ThreadPoolExecutor(4) as pool:
        asked = sorted(rights)
        return {right for right, yes in zip(asked, pool.map(is_granted, asked), strict=True) if yes}


@pytest.fixture(scope="module")
def everybodys(cluster: Cluster, accounts: Accounts, known: set[Right]) -> set[Right]:
    """What an account may do to which nothing is bound: ask who it is and what it may."""
    nobody = Api(cluster.service_account_kubeconfig("default", "default"))
    return granted(nobody, known, "default")


def test_the_read_account_may_read_what_a_scan_reads_and_do_nothing_else(
    accounts: Accounts, shop: Space, known: set[Right], everybodys: set[Right]
) -> None:
    for namespace in (shop.name, ELSEWHERE):
        assert granted(Api(accounts.read), known, namespace) - everybodys == READS


def test_the_act_account_may_do_its_actions_where_it_is_bound_and_only_read_elsewhere(
    accounts: Accounts, shop: Space, known: set[Right], everybodys: set[Right]
) -> None:
    actor = Api(accounts.act)
    assert granted(actor, known, shop.name) - everybodys == READS | ACTS
    assert granted(actor, known, ELSEWHERE) - everybodys == READS | OF_NODES


@pytest.mark.parametrize("account", ["read", "act"])
def test_neither_account_can_read_secrets(accounts: Accounts, shop: Space, account: str) -> None:
    api = Api(getattr(accounts, account))
    for path in ("/api/v1/secrets", f"/api/v1/namespaces/{shop.name}/secrets/token"):
        answer = api.get(path)
        assert (answer.status, answer.reason) == (403, "Forbidden")


@pytest.mark.django_db
def test_a_scan_with_the_read_account_is_blind_to_nothing(kubewise: KubeWise) -> None:
    seen = scan(kubewise.clients.reader, datetime.now(UTC))
    assert seen.blind == {}
    assert seen.seen | seen.not_installed == {one.source for one in RESOURCES}


@pytest.mark.django_db
def test_a_read_only_account_that_is_to_act_gets_a_clear_refusal_and_nothing_is_lost(
    auto: KubeWise, shop: Space
) -> None:
    broken_release(shop)
    incident = auto.plans(auto.finds(Cause.IMAGE_NOT_FOUND, shop.name))
    attempt = auto.reading_only().acts(incident)
    assert attempt.state == Attempt.State.REFUSED
    assert f"the act account may not patch deployments in '{shop.name}'" in attempt.error
    assert 'cannot patch resource "deployments" in API group "apps"' in attempt.error
    assert "system:serviceaccount:kubewise:kubewise-read" in attempt.error
    assert "cannot patch resource" in reasons(incident)
    assert image_now(shop) == MISSING
    found = Incident.objects.get(pk=incident.pk)
    assert (found.status, bool(found.open_key)) == (Status.ESCALATED, True)
    assert found.plans.get().superseded_at is None, "the plan is still there to be approved"
    assert not Budget.objects.filter(spent__gt=0).exists()
