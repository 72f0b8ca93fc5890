"""`manage.py action_catalogue`: docs/actions.md, made from the catalogue."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from remediation.actions import ALIASES, CATALOGUE
from remediation.actions.base import Action

HEAD = """\
# What KubeWise may do

Made by `manage.py action_catalogue` from `remediation/actions/`; the API shows the same under
`/api/v1/remediation/commands`. Text form: `ACTION key=value …`, nothing else.
"""
CONTAINS = (
    "- keeps a failure from spreading and repairs nothing: while the node is unhealthy, the "
    "attempt ends as `contained` and the incident is escalated; it is never undone by AUTO"
)


class Command(BaseCommand):
    help = "Print docs/actions.md."

    def handle(self, *args: Any, **options: Any) -> None:
        entries = [entry(action) for action in CATALOGUE.values()]
        self.stdout.write("\n".join([HEAD, *entries, _aliases()]), ending="")


def entry(action: Action) -> str:
    rights = action.as_dict()["rights"]
    contexts = sorted(context.value for context in action.contexts)
    lines = [
        f"## {action.name}",
        "",
        f"{action.description} {action.impact}",
        "",
        f"- parameters: {'; '.join(map(_parameter, action.parameters)) or 'none'}",
        f"- takes {action.estimated_duration}; risk {action.risk}; "
        f"{'reversible' if action.reversible else 'not reversible by itself'}",
    ]
    if action.changes_cluster:
        lines += [
            f"- AUTO may use it: {', '.join(contexts) or 'no, it always requires approval'}",
            f"- recognized as done by: {action.recognised_by}",
            *([CONTAINS] if action.contains else []),
        ]
    if rights:
        lines.append(f"- rights: {', '.join(f'`{right}`' for right in rights)}")
    if line := action.example:
        lines.append(f"- by hand: `{line}`")
    return "\n".join([*lines, ""])


def _parameter(item: Any) -> str:
    return f"`{item.name}`{'' if item.required else ' (optional)'}: {item.allowed}"


def _aliases() -> str:
    return "\n".join(f"`{alias}` means `{name}`." for alias, name in ALIASES.items()) + "\n"
