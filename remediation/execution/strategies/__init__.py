"""How each effect reaches the cluster: rehearsal, write, and how to tell that it happened."""

from __future__ import annotations

from collections.abc import Mapping

from remediation.actions.base import Effect
from remediation.execution.strategies.base import Way
from remediation.execution.strategies.clean_failed import Clean
from remediation.execution.strategies.drain import Drain
from remediation.execution.strategies.evict import Evict
from remediation.execution.strategies.patch import Patching
from remediation.execution.strategies.rerun_job import Create

WAYS: Mapping[Effect, Way] = {
    Effect.PATCH: Patching(),
    Effect.EVICT: Evict(),
    Effect.CLEAN: Clean(),
    Effect.DRAIN: Drain(),
    Effect.CREATE: Create(),
}
