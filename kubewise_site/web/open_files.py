"""How many files a process may have open: each connection is one."""

from __future__ import annotations

import resource

FOR_OTHERS = 256  # the database, the broker, static files, Python's own


def allow_many_open_files() -> None:
    """Up to what the system lets this user have; the usual soft limit is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connections_possible(wanted: int) -> int:
    """`wanted`, or what the limit on open files leaves."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - FOR_OTHERS))
