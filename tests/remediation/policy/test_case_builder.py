"""Who worked on an object after the onset, as its managedFields tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detection.kubernetes.objects.core import Deployment, ManagedField, ManagedMetadata
from remediation.observation.field_managers import changed_by

ONSET = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER, EARLIER = ONSET + timedelta(minutes=1), ONSET - timedelta(minutes=1)


def written(manager: str, time: datetime, subresource: str = "") -> Deployment:
    field = ManagedField(manager=manager, time=time, subresource=subresource)
    return Deployment(metadata=ManagedMetadata(name="cart", managed_fields=[field]))


def test_kubectl_scale_is_somebody_at_work() -> None:
    assert changed_by(written("kubectl", LATER, "scale"), ONSET) == "kubectl"


@pytest.mark.parametrize(
    "item",
    [
        written("kubectl-edit", EARLIER),
        written("kubelet-of-the-cloud", LATER, "status"),
        written("kube-controller-manager", LATER, "scale"),  # an autoscaler
        written("kubewise", LATER),
    ],
)
def test_what_kubernetes_wrote_or_was_there_before_is_nobodys_work(item: Deployment) -> None:
    assert changed_by(item, ONSET) == ""
