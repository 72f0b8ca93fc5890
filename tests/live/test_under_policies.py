"""KubeWise itself under the chart's admission policies: what it does passes, and a rollback that is
not on record is refused and told.

The last file of its folder: the API server goes on judging for seconds after the policies are
deleted, and would refuse the writes of whoever comes next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from detection.domain.causes import Cause
from detection.kubernetes.client import connect
from detection.models import Incident
from remediation.cluster.recorded_revisions import record
from remediation.models import Attempt
from tests.contract.objects import configmap
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Api
from tests.controlplane.up import Cluster
from tests.install.helm import objects
from tests.live.accounts import ACT, NAMESPACE, Accounts
from tests.live.kubewise import KubeWise
from tests.live.scenes import broken_release, deployed, is_rolled_back

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]
POLICY = "ValidatingAdmissionPolicy"
RECORD = f"{NAMESPACE}.kubewise.revisions"
VALUES: dict[str, Any] = {
    "fullnameOverride": "kubewise",
    "form": "distributed",
    "existingSecret": "kubewise",
    "rights": {"act": {"enabled": True, "clusterWide": True, "policy": True}},
}


@pytest.fixture(scope="module")
def policies(cluster: Cluster, accounts: Accounts) -> Iterator[None]:
    """For the act account of deploy/k8s, in every namespace."""
    found = objects(VALUES, "kubewise", NAMESPACE)
    made = yaml.safe_dump_all(one for one in found if one["kind"] in (POLICY, f"{POLICY}Binding"))
    assert f"system:serviceaccount:{NAMESPACE}:{ACT}" in made
    cluster.kubectl("apply", "-f", "-", stdin=made)
    yield
    cluster.kubectl("delete", "-f", "-", stdin=made)


@pytest.fixture
def held(shop: Space, policies: None, accounts: Accounts) -> Space:
    """The shop, once the act account is held there; its record is empty."""
    shop.create("configmaps", configmap(RECORD)).ok()
    act, path = Api(accounts.act), shop.path("deployments", "web")
    deployed(shop)
    change = {"metadata": {"labels": {"team": "x"}}}
    eventually(lambda: act.patch(path, change, "merge", dryRun="All").status == 422, "it is held")
    shop.api.delete(path)
    eventually(lambda: not shop.items("pods"), "its pods are gone")
    return shop


def decided(auto: KubeWise, shop: Space) -> Incident:
    broken_release(shop)
    return auto.plans(auto.finds(Cause.IMAGE_NOT_FOUND, shop.name))


def test_a_recorded_rollback_passes_and_mends(
    auto: KubeWise, held: Space, cluster: Cluster
) -> None:
    incident = decided(auto, held)
    assert record(connect(kubeconfig=str(cluster.kubeconfig)), held.name, RECORD) == 1
    attempt = auto.acts(incident)
    assert attempt.state == Attempt.State.APPLIED, attempt.error
    assert is_rolled_back(held)


def test_a_rollback_that_is_not_on_record_is_refused_and_told(auto: KubeWise, held: Space) -> None:
    attempt = auto.acts(decided(auto, held))
    assert attempt.state == Attempt.State.REFUSED
    assert "No recorded revision runs these containers" in attempt.error
