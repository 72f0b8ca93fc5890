"""Values of settings that mean something to the rest: a parser raises ValueError for a wrong one.

A name that is spelled wrongly must not protect, forbid or allow nothing in silence.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

ALIASES = {"delete_pod": "restart_pod"}
# The catalogue, whose layer is above this one; a test compares.
ACTIONS = frozenset(
    {
        "restart_deployment", "restart_statefulset", "restart_daemonset", "restart_pod",
        "rollback_deployment", "rollback_statefulset", "rollback_daemonset", "scale_deployment",
        "scale_statefulset", "restore_replicas", "adjust_resources", "raise_hpa_max",
        "cordon_node", "uncordon_node", "drain_node", "expand_pvc", "rerun_job",
        "clean_failed_pods", "escalate", "noop", "describe", "view_logs",
    }
)  # fmt: skip
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def actions(value: str) -> tuple[str, ...]:
    """Names of the catalogue; an alias counts as what it stands for."""
    found = tuple(ALIASES.get(name, name) for name in names(value))
    if not ACTIONS.issuperset(found):
        raise ValueError
    return found


def namespace(value: str) -> str:
    """A DNS label (RFC 1123), as the API server wants it: a pattern would match nothing."""
    if not LABEL.fullmatch(value):
        raise ValueError
    return value


def namespaces(value: str) -> tuple[str, ...]:
    return tuple(namespace(name) for name in names(value))


def headers(value: str) -> tuple[str, ...]:
    """`Name=value` each (names are tokens, RFC 9110)."""
    found = names(value)
    if not all(re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+=[^\r\n]*", pair) for pair in found):
        raise ValueError
    return found


def existing_file(value: str) -> str:
    if value and not Path(value).expanduser().is_file():
        raise ValueError
    return str(Path(value).expanduser()) if value else ""


def optional_number(value: str) -> float | None:
    """A finite number, or None where nothing is given."""
    found = float(value) if value else None
    if found is not None and not math.isfinite(found):
        raise ValueError
    return found
