"""What is remembered of a healthy workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from detection.domain.findings import ObjectRef


@dataclass(frozen=True)
class Baseline:
    """One revision of one workload that was fully available between the two times."""

    owner: ObjectRef
    template_hash: str
    first_available: datetime
    last_available: datetime
    replicas: int
    resources: Mapping[str, Any] = field(default_factory=dict)
