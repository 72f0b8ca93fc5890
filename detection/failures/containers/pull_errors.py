"""What a failed image pull means: gRPC codes and HTTP statuses first, words second.

Kubelets, containerd, CRI-O, Docker and the registries word it differently; several of these
stand in one message, so the order of the table matters: a registry that can't be reached is no
wrong name, and a refusal that says "does not exist or may require authorization" is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class Pull(StrEnum):
    DOWN = "down"
    LIMITED = "rate limit"
    NO_HOST = "unknown host"
    UNTRUSTED = "untrusted certificate"
    HIDDEN = "missing or private"
    REFUSED = "refused"
    MISSING = "missing"
    WRONG_ARCH = "wrong architecture"
    NO_SPACE = "no space on the node"
    UNKNOWN = "unknown"


REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
BY_REASON = {
    "InvalidImageName": Pull.MISSING,
    "ErrImageNeverPull": Pull.MISSING,
    "RegistryUnavailable": Pull.DOWN,
}
SECRET_EVENT = "FailedToRetrieveImagePullSecret"  # noqa: S105 an event's reason

LIMITED = re.compile(
    r"too\s*many\s*requests|\b429\b|rate limit|code = resourceexhausted", re.IGNORECASE
)
NO_HOST = re.compile(r"no such host|server misbehaving|name or service not known", re.IGNORECASE)
UNTRUSTED = re.compile(r"\bx509\b", re.IGNORECASE)
# What registries answer to a stranger for a private repository and for one that isn't there.
HIDDEN = re.compile(
    r"does not exist or may\s+require|not found or access denied|insufficient_scope",
    re.IGNORECASE,
)
DOWN = re.compile(
    r"code = (unavailable|deadlineexceeded)"
    r"|i/o timeout|tls handshake timeout|connection (refused|reset)|deadline exceeded"
    r"|network is unreachable|no route to host"
    r"|\b50[0234]\b (internal|bad|service|gateway)|service unavailable|bad gateway"
    r"|gateway time-?out|\bEOF\b|client\.timeout",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"\b401\b|\b403\b|unauthori[sz]ed|forbidden|code = (unauthenticated|permissiondenied)"
    r"|\bdenied\b|no basic auth credentials"
    r"|authentication required|authorization failed|insufficient_scope|failed to authorize"
    r"|incorrect username or password|token (has|is) expired|invalid_token",
    re.IGNORECASE,
)
MISSING = re.compile(
    r"code = notfound|not found|\b404\b|manifest unknown|manifest_unknown|name unknown|name_unknown"
    r"|does not exist|invalid reference format|couldn't parse image|no such image"
    r"|invalid image name|failed to resolve reference .{0,300}: not found|tag .{0,300} deleted",
    re.IGNORECASE,
)
WRONG_ARCH = re.compile(r"no match for platform|no matching manifest for", re.IGNORECASE)
NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
TABLE = (
    (NO_SPACE, Pull.NO_SPACE),
    (WRONG_ARCH, Pull.WRONG_ARCH),
    (LIMITED, Pull.LIMITED),
    (NO_HOST, Pull.NO_HOST),
    (UNTRUSTED, Pull.UNTRUSTED),
    (DOWN, Pull.DOWN),
    (HIDDEN, Pull.HIDDEN),
    (REFUSED, Pull.REFUSED),
    (MISSING, Pull.MISSING),
)
REFERENCE = re.compile(r'"\S*"|\'[^\'/: ]*[/:][^\' ]*\'|(?<!\S)[^\s/@:]*[/@:][^\s/]*/\S*')


def pull_of(reason: str, texts: Iterable[str]) -> Pull:
    """What the waiting reason and the texts about one image say together."""
    if reason in BY_REASON:
        return BY_REASON[reason]
    for text in texts:
        bare = without_references(text)
        for pattern, pull in TABLE:
            if pattern.search(bare):
                return pull
    return Pull.UNKNOWN


def without_references(text: str) -> str:
    """The text without image names and addresses: an image called `forbidden:404` says nothing."""
    return REFERENCE.sub(" ", text)


def host_of(image: str) -> str:
    """The registry's host; `docker.io` where the image names none."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first
    return "docker.io"


def repository_of(image: str) -> str:
    """The image without its tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
