"""403 has two meanings: a right is missing, or admission denied a request that was allowed."""

from __future__ import annotations

import re

from detection.kubernetes import Forbidden

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
