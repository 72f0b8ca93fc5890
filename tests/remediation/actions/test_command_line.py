"""The text form of actions, and the attacks on it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.actions import CATALOGUE
from remediation.actions.base import Action
from remediation.actions.parameters import LABEL, SUBDOMAIN, Parameter
from remediation.planning.command_line import (
    CommandError,
    DuplicateParameter,
    InvalidName,
    MissingParameter,
    NotACommand,
    OutOfBounds,
    UnknownAction,
    UnknownParameter,
    format_command,
    parse_command,
)

QUANTITIES = {"cpu": ["250m", "1", "1.5"], "memory": ["64Mi", "1Gi"], "size": ["20Gi"]}


def values(parameter: Parameter) -> st.SearchStrategy[str]:
    if parameter.name in ("namespace", "container"):
        return st.from_regex(LABEL, fullmatch=True)
    if parameter.name == "name":
        return st.from_regex(SUBDOMAIN, fullmatch=True).filter(lambda text: len(text) <= 253)
    for part, known in QUANTITIES.items():
        if part in parameter.name:
            return st.sampled_from(known)
    return st.integers(1, 1000).map(str)


@st.composite
def texts(draw: st.DrawFn) -> str:
    action: Action = draw(st.sampled_from(list(CATALOGUE.values())))
    chosen = [item for item in action.parameters if item.required or draw(st.booleans())]
    pairs = [f"{item.name}={draw(values(item))}" for item in chosen]
    return " ".join([action.name, *draw(st.permutations(pairs))])


@given(texts())
def test_what_is_formatted_parses_to_the_same(text: str) -> None:
    command = parse_command(text)
    assert parse_command(command.text) == command
    assert sorted(command.text.split()) == sorted(text.split())


@given(st.text(alphabet=string.printable, max_size=200))
def test_any_text_is_a_command_or_a_named_error(text: str) -> None:
    try:
        command = parse_command(text)
    except CommandError:
        return
    assert command.text == format_command(command.action.name, command.parameters)


def test_delete_pod_is_understood_as_restart_pod() -> None:
    assert parse_command("delete_pod name=a namespace=b").text == "restart_pod name=a namespace=b"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotACommand),
        ("restart", UnknownAction),
        ("delete_namespace name=a", UnknownAction),
        ("restart_deployment namespace=dev", MissingParameter),
        ("restart_deployment name=a name=b namespace=dev", DuplicateParameter),
        ("restart_deployment name=a namespace=dev force=true", UnknownParameter),
        ("scale_deployment name=a namespace=b replicas=0", OutOfBounds),
        ("scale_deployment name=a namespace=b replicas=-1", OutOfBounds),
        ("scale_deployment name=a namespace=b replicas=1001", OutOfBounds),
        ("scale_deployment name=a namespace=b replicas=1e3", OutOfBounds),
        ("scale_deployment name=a namespace=b replicas=٣", OutOfBounds),
        ("drain_node name=n grace_period=0", OutOfBounds),
        ("adjust_resources name=a namespace=b container=c memory_limit=1Zi", OutOfBounds),
        ("restart_deployment name=../../nodes/n namespace=dev", InvalidName),
        ("restart_deployment name=a namespace=kube-system/pods", InvalidName),
        ("restart_deployment name=A namespace=dev", InvalidName),
        ("restart_deployment name=a. namespace=dev", InvalidName),
        (f"restart_deployment name={'a' * 254} namespace=dev", InvalidName),
        ("restart_deployment name=а namespace=dev", InvalidName),
        ("restart_deployment name= namespace=dev", InvalidName),
        ("restart_deployment name=%2e%2e namespace=dev", NotACommand),
        ("restart_deployment name='a' namespace=dev", NotACommand),
        ("restart_deployment name=a namespace=dev; rm -rf /", NotACommand),
        ("restart_deployment name=a namespace=dev\nnoop", NotACommand),
        ("restart_deployment name=$(id) namespace=dev", NotACommand),
        ("restart_deployment --name a", NotACommand),
        ("kubectl delete namespace dev", NotACommand),
        ("sudo kubectl get pods", NotACommand),
        ("/bin/sh -c id", NotACommand),
        ("restart_deployment\x00 name=a namespace=dev", NotACommand),
    ],
)
def test_what_is_no_command_is_refused_by_name(text: str, error: type[CommandError]) -> None:
    with pytest.raises(error):
        parse_command(text)


def test_every_action_says_what_the_api_shows() -> None:
    for name, action in CATALOGUE.items():
        shown = action.as_dict()
        assert shown["description"], name
        assert shown["impact"], name
        assert shown["estimated_duration"], name


def test_the_default_safe_lists_are_the_catalogues_contexts() -> None:
    from django.conf import settings

    from remediation.actions.base import AutoContext

    def allowed(context: AutoContext) -> set[str]:
        return {name for name, action in CATALOGUE.items() if context in action.contexts}

    assert allowed(AutoContext.CRITICAL) == set(settings.SAFE_CRITICAL_COMMANDS)
    assert allowed(AutoContext.PREDICTED) == set(settings.SAFE_PROACTIVE_COMMANDS)


def test_no_action_needs_a_star_or_a_secret() -> None:
    for action in CATALOGUE.values():
        for right in action.rights:
            assert "*" not in (right.group, right.resource, right.verb)
            assert "secrets" not in right.resource
