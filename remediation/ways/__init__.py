"""How each effect reaches the cluster: rehearsal, write, and how to tell that it happened."""

from __future__ import annotations

from collections.abc import Mapping

from remediation.actions.base import Effect
from remediation.ways.base import Way
from remediation.ways.clean import Clean
from remediation.ways.create import Create
from remediation.ways.drain import Drain
from remediation.ways.evict import Evict
from remediation.ways.patch import Patching

WAYS: Mapping[Effect, Way] = {
    Effect.PATCH: Patching(),
    Effect.EVICT: Evict(),
    Effect.CLEAN: Clean(),
    Effect.DRAIN: Drain(),
    Effect.CREATE: Create(),
}
