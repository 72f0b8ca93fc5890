"""Forms by which a token gives itself away: those that detect-secrets keeps, and entropy.

Only its detectors of one provider's own form are used: they are specific. Its keyword and IP
detectors would take away what a diagnosis needs. Its expressions run in RE2, which is linear for
every text; those with look-around, which RE2 lacks, have bounded repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol, cast

import re2
from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

DETECTORS = (
    AWSKeyDetector, AzureStorageKeyDetector, DiscordBotTokenDetector, GitHubTokenDetector,
    GitLabTokenDetector, MailchimpDetector, OpenAIDetector, PypiTokenDetector, SendGridDetector,
    SlackDetector, SquareOAuthDetector, StripeDetector, TelegramBotTokenDetector, TwilioKeyDetector,
)  # fmt: skip


class Substitutes(Protocol):
    """What `re` and RE2 have in common, as far as a mark takes a token's place."""

    @property
    def pattern(self) -> str: ...

    def sub(self, repl: Any, string: str, /) -> str: ...


def _linear(pattern: re.Pattern[str]) -> Substitutes:
    """The same in RE2, but for look-around and repetitions that it doesn't take."""
    flags = "(?i)" if pattern.flags & re.IGNORECASE else ""
    try:
        return cast(Substitutes, re2.compile(flags + pattern.pattern, _quiet()))
    except re2.error:
        return pattern


def _quiet() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


# Of Artifactory only the API token: its form of a password is that of any capitalised word.
PATTERNS: tuple[tuple[str, Substitutes], ...] = (
    *((one.secret_type.lower(), _linear(pattern)) for one in DETECTORS for pattern in one.denylist),
    (ArtifactoryDetector.secret_type.lower(), _linear(ArtifactoryDetector.denylist[0])),
)
# A run of what base64, base32 or a random string is written in, of any length.
DENSE = re2.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
HEXADECIMAL = re.compile(r"[0-9a-fA-F-]+")
ULID = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}")
DIGEST_NAME = r"(?:sha(?:1|224|256|384|512)|md5|h1)[-:=]"
DIGEST_BEFORE = re.compile(rf"{DIGEST_NAME}$", re.I)
DIGEST = re.compile(DIGEST_NAME, re.I)
SEPARATOR = re.compile(r"[/+_-]")
JUDGED = 512
LEAST_IN_A_ROW = 14
LEAST_OF_TWO_CLASSES = 24
LEAST_BITS = 4.0
LEAST_BITS_OF_TWO_CLASSES = 3.6
LEAST_CHANGES = 0.33


def is_dense(token: str) -> bool:
    """Whether it reads like random characters: entropy, and a class that changes all the time.

    Digests and UIDs are hexadecimal, names are words: neither changes between upper case, lower
    case and digit at every third character, within one run without a separator. Of two classes
    alone (base32, lower case with digits) a longer run is asked for.
    """
    body = token.rstrip("=")[:JUDGED]
    longest = max(SEPARATOR.split(body), key=len)
    if HEXADECIMAL.fullmatch(longest) or ULID.fullmatch(body) or len(longest) < LEAST_IN_A_ROW:
        return False
    classes = classes_of(longest)
    if share_of_changes(classes) < LEAST_CHANGES:
        return False
    if len(set(classes)) == 3:
        return _bits(body) >= LEAST_BITS
    random = len(longest) >= LEAST_OF_TWO_CLASSES and "0" in classes
    return random and _bits(longest) >= LEAST_BITS_OF_TWO_CLASSES


def classes_of(text: str) -> list[str]:
    """Digit, lower case or neither, for each character: `0`, `a`, `A`."""
    return ["0" if char.isdigit() else "a" if char.islower() else "A" for char in text]


def share_of_changes(classes: Sequence[str], but: tuple[str, str] | None = None) -> float:
    """How often the class changes from one character to the next, but for that change."""
    pairs = list(pairwise(classes))
    changed = sum(one != other and (one, other) != but for one, other in pairs)
    return changed / max(len(pairs), 1)


@lru_cache(maxsize=1)
def _entropy() -> Base64HighEntropyString:
    return Base64HighEntropyString(LEAST_BITS)


def _bits(text: str) -> float:
    """Shannon's, per character."""
    return float(_entropy().calculate_shannon_entropy(text))
