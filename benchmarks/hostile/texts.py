"""Texts that harm: shapes for slow patterns, characters for databases, terminals and readers."""

from __future__ import annotations

KIB = 1024
HUGE = 1024 * KIB
# json.dumps writes no such values: they are put into its text in place of these.
RAW = {
    "@1e999": "1e999",
    "@2**80": str(2**80),
    "@2**63": str(2**63),
    "@NaN": '"NaN"',
    "@deep": '{"a":' * 5000 + "{}" + "}" * 5000,
}
ODD = "a\x00b\x1b[31m\u202egnp\u2066\ud800\x7f\x9b"


def repeated(shape: str, length: int = 64 * KIB) -> str:
    return (shape * (length // len(shape) + 1))[:length]


QUADRATIC = (
    "sk-", "a.", "a-", "a=", '"', "\\", "eyJ", "1:", "::", " \t", "\n ", "[", '{"a":', "(((",
    "/a", "password ", "x@", "://", "-----BEGIN ", "0/1 nodes are available: ", "a:a@", "%41",
    "\\u0041",
)  # fmt: skip
