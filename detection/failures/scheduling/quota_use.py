"""What of a namespace's quotas is used up: what is named and not there may have been refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from detection.domain.quantities import amount_of
from detection.kubernetes.objects.core import Quantity
from detection.snapshot import Snapshot

CLAIMS = ("persistentvolumeclaims", "requests.storage")
SERVICES = ("services", "count/services", "services.loadbalancers", "services.nodeports")
STORAGE_CLASS = ".storageclass.storage.k8s.io/"


def quota_on(snapshot: Snapshot, namespace: str, resources: tuple[str, ...]) -> str:
    """A sentence about the quota of these resources that has least room; '' where there is none.

    A class's own rows count too: `fast.storageclass.storage.k8s.io/requests.storage`.
    """
    rows = [row for row in _rows(snapshot, namespace) if row.resource in resources]
    tightest = max(rows, key=lambda row: row.share, default=None)
    return tightest.sentence if tightest else ""


@dataclass(frozen=True)
class _Row:
    quota: str
    name: str
    used: Quantity
    hard: Quantity

    @property
    def resource(self) -> str:
        return self.name.rpartition("/")[2] if STORAGE_CLASS in self.name else self.name

    @property
    def share(self) -> Decimal:
        hard = amount_of(self.hard)
        return amount_of(self.used) / hard if hard else Decimal(1)

    @property
    def sentence(self) -> str:
        uses = f"{self.used} of {self.hard} {self.name} are used"
        if self.share >= 1:
            return f"ResourceQuota {self.quota} is used up: {uses}. A new one is refused"
        return f"ResourceQuota {self.quota}: {uses}. One that asks for more than is left is refused"


def _rows(snapshot: Snapshot, namespace: str) -> Iterator[_Row]:
    for quota in snapshot.resourcequotas:
        if quota.metadata.namespace == namespace:
            for name, hard in quota.status.hard.items():
                yield _Row(quota.metadata.name, name, quota.status.used.get(name, "0"), hard)
