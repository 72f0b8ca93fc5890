"""After *worse*: what would undo it. In this version it is handed to people, never run by itself.

A rollback has no inverse: it would be the broken release.
"""

from __future__ import annotations

from remediation.actions import CATALOGUE
from remediation.commands import format_command
from remediation.models import Attempt


def suggestion(attempt: Attempt) -> str:
    """One sentence with the command and the kubectl line that undo the attempt."""
    inverse = attempt.inverse
    if not inverse:
        return "There is nothing that undoes it safely."
    action, parameters = CATALOGUE[inverse["action"]], inverse["parameters"]
    command = format_command(action.name, parameters)
    line = action.kubectl(parameters, attempt.target.get("kind", ""))
    return f"To undo it: {command} ({line})"
