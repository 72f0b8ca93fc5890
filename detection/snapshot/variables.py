"""Which hosts the variables of a container name: where a program that fails to connect was sent.

Only names of variables and hosts leave this file: a value may hold a password.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from detection.kubernetes.objects.core import Pod

MOST_VARIABLES = 500
LONGEST_VALUE = 2000
HOST = re.compile(r"(?<![\w.-])([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63}){0,8})")


def hosts_of_variables(pod: Pod) -> Iterator[tuple[str, str]]:
    """(variable, host) for every word of a value that may be a host, init containers included."""
    for container in (*pod.spec.containers, *pod.spec.init_containers):
        for variable in _variables(bytes(container.env)):
            name, value = variable.get("name"), variable.get("value")
            if isinstance(name, str) and isinstance(value, str):
                for match in HOST.finditer(_without_login(value[:LONGEST_VALUE]).lower()):
                    yield name, match[1]


def variables_naming(pod: Pod, host: str) -> list[str]:
    """The variables whose value names this host."""
    return list(dict.fromkeys(name for name, found in hosts_of_variables(pod) if found == host))


def _variables(raw: bytes) -> list[dict[str, object]]:
    try:
        found = json.loads(raw or b"[]")
    except (ValueError, RecursionError):
        return []
    items = found[:MOST_VARIABLES] if isinstance(found, list) else []
    return [one for one in items if isinstance(one, dict)]


def _without_login(value: str) -> str:
    """`scheme://user:secret@host` without what stands before the host."""
    return re.sub(r"://[^/@\s]{1,300}@", "://", value)
