"""The act account is granted what the enabled actions need, and nothing else."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from kubewise_site.core.config.reading import BASE_DIR
from remediation.actions import CATALOGUE
from remediation.cluster import rbac

FILES = {"act.yaml": (), "act-nodes.yaml": ("--nodes",)}


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("act_role", *arguments, stdout=out)
    return out.getvalue()


def granted(rules: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize("name", FILES)
def test_the_manifest_in_the_repository_is_the_one_that_the_catalogue_makes(name: str) -> None:
    assert (BASE_DIR / "deploy/k8s" / name).read_text() == printed(*FILES[name])


def test_no_rule_has_a_star_a_secret_or_a_right_to_delete() -> None:
    for name in FILES:
        for document in yaml.safe_load_all(printed(*FILES[name])):
            for _, resource, verb in granted(document.get("rules") or []):
                assert "*" not in (resource, verb)
                assert not resource.startswith("secrets")
                assert verb in ("patch", "create", "list")


def test_every_write_that_an_action_needs_is_granted_and_reads_come_with_the_read_account() -> None:
    read = next(
        doc for doc in yaml.safe_load_all((BASE_DIR / "deploy/k8s/read.yaml").read_text())
        if doc["kind"] == "ClusterRole"
    )  # fmt: skip
    actions = rbac.enabled()
    have = granted(rbac.namespaced_rules(actions)) | granted(rbac.node_rules(actions))
    have |= granted(read["rules"])
    for action in CATALOGUE.values():
        for right in action.rights:
            assert (right.group, right.resource, right.verb) in have, (action.name, right)


def test_an_action_that_is_barred_takes_its_rights_with_it() -> None:
    left = granted(rbac.namespaced_rules(rbac.enabled(["rerun_job"])))
    assert ("batch", "jobs", "create") not in left
    assert ("apps", "deployments", "patch") in left


def test_node_rights_are_bound_apart_so_that_a_namespace_s_binding_never_grants_them() -> None:
    assert all("nodes" not in rule["resources"] for rule in rbac.act_manifest()[2]["rules"])


def test_the_page_of_actions_is_the_one_that_the_catalogue_makes() -> None:
    out = StringIO()
    call_command("action_catalogue", stdout=out)
    assert (BASE_DIR / "docs/actions.md").read_text() == out.getvalue()
