"""Label matchers of PromQL, as a setting gives them."""

from __future__ import annotations

import re

import promql_parser

MOST_CHARACTERS = 2000
_ONE = r"""[A-Za-z_][A-Za-z0-9_]*\s*(?:=~|!~|!=|=)\s*"(?:[^"\\\n\r]|\\[\\"n])*\""""
_ALL = re.compile(rf"\s*{_ONE}\s*(?:,\s*{_ONE}\s*)*,?\s*")


def label_matchers(value: str) -> str:
    """`value` without outer spaces and comma; '' for none. Raises ValueError.

    The name of a metric is no cluster's label, and a text that ends its braces is refused.
    """
    if not value.strip():
        return ""
    if len(value) > MOST_CHARACTERS or not _ALL.fullmatch(value):
        raise ValueError
    found = promql_parser.parse(f'{{kubewise_any!="",{value}}}')
    if not isinstance(found, promql_parser.VectorSelector) or found.name:
        raise ValueError
    if any(one.name == "__name__" for one in found.matchers.matchers):
        raise ValueError
    return value.strip().rstrip(",").rstrip()
