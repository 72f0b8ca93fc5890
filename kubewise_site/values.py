"""The names of actions that settings may have. A wrong one must not forbid nothing in silence."""

from __future__ import annotations

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


def names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def actions(value: str) -> tuple[str, ...]:
    """Names of the catalogue; an alias counts as what it stands for."""
    found = tuple(ALIASES.get(name, name) for name in names(value))
    if not ACTIONS.issuperset(found):
        raise ValueError
    return found
