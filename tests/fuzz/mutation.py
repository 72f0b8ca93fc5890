"""A document changed as bytes say: each change puts something hostile in one of its places.

A fuzzer that changes the bytes of a JSON text mostly breaks its form. Here its bytes are choices:
which place, and what to put there; the document stays one that a server could send.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

MOST_CHANGES = 12
DEEP: Any = "x"
for _ in range(40):
    DEEP = [DEEP]
HOSTILE: tuple[Any, ...] = (
    None, "", 0, -1, 1, True, False, [], {}, "x" * 3000, 2**31, 2**63 - 1, 2**64, -(2**63), 1e308,
    -0.5, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-01T11:59:59Z", "2026-03-01",
    "1970-01-01T00:00:00+23:59", "NaN", "1e999", "-1Gi", "9" * 40, "1e309Ei", "0", "100%", "-5%",
    "50%%", "\x00", "\u202e\u0007", "é" * 200, "😀", "a/b/c:d@e", "../..", "*", "@every 1s",
    "* * * * *", "0 0 31 2 *", "TZ=Nowhere 0 0 * * *", [None], [""], [{}], {"": ""}, {"a": None},
    ["x"] * 50, DEEP, "True", "Unknown", "In", "Exists", "Failed", "Running", "Pending", "Always",
    "OOMKilled", "CrashLoopBackOff", "password=Kestrel-dune-41", "$(CURL)", "10.0.0.1", "::1",
)  # fmt: skip


def mutated(document: Any, data: bytes) -> Any:
    """The document with at most `MOST_CHANGES` changes, three bytes each."""
    changed = copy.deepcopy(document)
    for at in range(0, min(len(data), 3 * MOST_CHANGES) - 2, 3):
        places = list(_places(changed))
        if not places:
            break
        holder, key = places[int.from_bytes(data[at : at + 2], "big") % len(places)]
        _change(holder, key, data[at + 2])
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and item within the value, as the container and the key."""
    if not isinstance(value, dict | list):
        return
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        yield from _places(value[key])


def _change(holder: Any, key: Any, choice: int) -> None:
    """Put something hostile there, leave it out, or have it twice."""
    if choice < len(HOSTILE):
        holder[key] = copy.deepcopy(HOSTILE[choice])
    elif choice < 2 * len(HOSTILE) and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif choice < 2 * len(HOSTILE):
        holder[HOSTILE_KEYS[choice % len(HOSTILE_KEYS)]] = holder[key]
    elif choice % 2 and isinstance(holder[key], str):
        holder[key] = holder[key] * 2 + chr(choice)
    else:
        del holder[key]


HOSTILE_KEYS = ("", "x" * 300, "password", "\u202e", "a/b", "app", "status", "__class__", "é")
