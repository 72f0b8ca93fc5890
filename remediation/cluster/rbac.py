"""The act account's Roles, made from the actions that are enabled: nothing else is granted.

Reads come with the read account's ClusterRole; here stand the writes and the few reads that only
acting needs. Node actions are of the whole cluster and get a role of their own, which is bound
only where it is wanted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from remediation.actions import CATALOGUE
from remediation.actions.base import Action, Right

ACCOUNT, NAMESPACE = "kubewise-act", "kubewise"
NODES = f"{ACCOUNT}-nodes"
GROUP = "rbac.authorization.k8s.io"
CLUSTER_SCOPED = frozenset({"nodes"})
READ_BY_ALL = frozenset({"get", "list"})
Rules = list[dict[str, Any]]


def enabled(barred: Collection[str] = ()) -> list[Action]:
    """The actions that change anything and are not in BLACKLISTED_COMMANDS."""
    return [a for a in CATALOGUE.values() if a.changes_cluster and a.name not in barred]


def namespaced_rules(actions: list[Action]) -> Rules:
    """What is bound per namespace."""
    return _rules({r for a in actions for r in a.rights if _is_ours(r) and not _is_of_nodes(r)})


def node_rules(actions: list[Action]) -> Rules:
    """What is bound for the whole cluster, where node actions are wanted."""
    return _rules({r for a in actions for r in a.rights if _is_ours(r) and _is_of_nodes(r)})


def _is_ours(right: Right) -> bool:
    return right.verb not in READ_BY_ALL or right.not_read


def _is_of_nodes(right: Right) -> bool:
    return right.resource in CLUSTER_SCOPED


def _rules(rights: Collection[Right]) -> Rules:
    """One rule for each group and set of verbs, in a stable order."""
    verbs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for right in rights:
        verbs[(right.group, right.resource)].add(right.verb)
    joined: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), wanted in sorted(verbs.items()):
        joined[(group, tuple(sorted(wanted)))].append(resource)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(wanted)}
        for (group, wanted), resources in sorted(joined.items())
    ]


def act_manifest(barred: Collection[str] = ()) -> list[dict[str, Any]]:
    """ServiceAccount, its reads, its writes, and one RoleBinding: one is needed a namespace."""
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(ACCOUNT, NAMESPACE)},
        _binding("ClusterRoleBinding", f"{ACCOUNT}-reads", "kubewise-read"),
        _role(ACCOUNT, namespaced_rules(enabled(barred))),
        _binding("RoleBinding", ACCOUNT, ACCOUNT, "default"),
    ]


def nodes_manifest(barred: Collection[str] = ()) -> list[dict[str, Any]]:
    """Only for those who let KubeWise cordon and drain."""
    return [
        _role(NODES, node_rules(enabled(barred))),
        _binding("ClusterRoleBinding", NODES, NODES),
    ]


def _meta(name: str, namespace: str = "") -> dict[str, str]:
    return {"name": name} | ({"namespace": namespace} if namespace else {})


def _role(name: str, rules: Rules) -> dict[str, Any]:
    head = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole"}
    return {**head, "metadata": _meta(name), "rules": rules}


def _binding(kind: str, name: str, role: str, namespace: str = "") -> dict[str, Any]:
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": kind,
        "metadata": _meta(name, namespace),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }
