"""The names of actions stand in the catalogue's folder and in playbooks, nowhere else."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS, WrongSetting
from remediation.actions import ALIASES, ALLOWED_IN_SETTINGS, CATALOGUE, IN_SETTINGS, blacklist
from remediation.cluster import rbac
from remediation.controls.limits import limits
from remediation.playbooks import PLAYBOOKS

PRODUCT = ("remediation", "kubewise_site")
MAY_NAME_ACTIONS = ("remediation/actions/", "remediation/playbooks/")
READERS = ("remediation/actions/__init__.py", "kubewise_site/")
NAMES = frozenset(CATALOGUE) | frozenset(ALIASES) | {one.family for one in CATALOGUE.values()}


def modules(*allowed: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in PRODUCT:
        for path in sorted((BASE_DIR / folder).rglob("*.py")):
            where = path.relative_to(BASE_DIR).as_posix()
            if not where.startswith(allowed):
                yield where, ast.parse(path.read_text())


def named(tree: ast.AST) -> Iterator[str]:
    """Each text of the module that is the name of an action or a family, with its line.

    Not the noun of a count: `counted(3, "restart")` is told to people.
    """
    nouns = {id(noun) for call in ast.walk(tree) for noun in _nouns(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in NAMES and id(node) not in nouns:
            yield f"line {node.lineno}: {node.value}"


def _nouns(node: ast.AST) -> list[ast.expr]:
    is_count = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("counted", "plural")
    return node.args[1:] if is_count and isinstance(node, ast.Call) else []


def test_no_module_asks_for_an_action_or_a_family_by_its_name() -> None:
    """Neither in a comparison nor in a table: ask the action itself, or give it a trait."""
    found = {where: list(named(tree)) for where, tree in modules(*MAY_NAME_ACTIONS)}
    assert {where: lines for where, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        'action.family == "rollback"',
        'candidate.entry.family in {"restart", "scale"}',
        'TABLE = {"drain_node": 1}',
        'candidate.action == "delete_pod"',
    ],
)
def test_the_search_finds_what_it_is_for(line: str) -> None:
    assert list(named(ast.parse(line)))


def test_every_playbook_names_families_that_exist() -> None:
    families = {action.family for action in CATALOGUE.values()}
    for cause, one in PLAYBOOKS.items():
        assert {offer.family for offer in one.offers} | one.bad | one.futile <= families, cause


def test_one_function_reads_the_names_in_settings() -> None:
    """Read elsewhere, an alias in BLACKLISTED_COMMANDS would forbid nothing."""
    for where, tree in modules(*READERS):
        read = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert not set(read) & set(IN_SETTINGS), where


def test_an_alias_forbids_what_it_stands_for(settings: Any) -> None:
    settings.BLACKLISTED_COMMANDS = ("delete_pod", "scale_deployment")
    assert blacklist() == limits().blacklist == {"restart_pod", "scale_deployment"}
    left = {action.name for action in rbac.enabled(blacklist())}
    assert not left & {"restart_pod", "scale_deployment"}


@pytest.mark.parametrize("name", IN_SETTINGS)
def test_a_misspelled_action_is_refused_and_named(name: str, settings: Any) -> None:
    setattr(settings, name, ("rollback_deployment", "rollbck_daemonset"))
    with pytest.raises(WrongSetting) as refused:
        limits()
    assert str(refused.value) == (
        f"{name} is 'rollback_deployment,rollbck_daemonset', "
        "but must be: catalogue names, comma-separated."
    )


def test_the_settings_that_name_actions_are_the_ones_that_say_so() -> None:
    said = [one.name for one in SETTINGS if one.kind.allowed == ALLOWED_IN_SETTINGS]
    assert tuple(said) == IN_SETTINGS


STARTS = {
    "manage.py": ["manage.py", "check"],
    "web": ["-c", "import kubewise_site.asgi"],
    "worker": ["-m", "celery", "-A", "kubewise_site", "worker", "-Q", "act"],
    "beat": ["-m", "celery", "-A", "kubewise_site", "beat"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", STARTS)
def test_a_misspelled_action_stops_every_start_with_one_sentence(
    program: str, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.defpath, "KUBEWISE_ENV_FILE": os.devnull, "KUBEWISE_DATA_DIR": str(tmp_path),
        "SAFE_CRITICAL_COMMANDS": "kubectl delete pod x", "CELERY_BROKER_URL": "redis://127.0.0.1:1",
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, *STARTS[program]],
        cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert ended.returncode == 1
    said = "KubeWise can't start: SAFE_CRITICAL_COMMANDS is 'kubectl delete pod x', but must be:"
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
