"""Label matchers: `=`, `!=`, `=~` and `!~`, anchored at both ends."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache


@dataclass(frozen=True)
class Matcher:
    """One condition on one label; a missing label counts as the empty string."""

    name: str
    operator: str
    value: str

    def accepts(self, value: str) -> bool:
        """Whether a label of this value passes."""
        return self._test(value)

    def check(self) -> None:
        """ValueError if the expression is none that Python reads; RE2's classes are not all."""
        try:
            self.accepts("")
        except re.error as error:
            raise ValueError(f"error parsing regexp: {error}") from None

    @cached_property
    def _test(self) -> Callable[[str], bool]:
        if self.operator == "=":
            return self.value.__eq__
        if self.operator == "!=":
            return self.value.__ne__
        found = lru_cache(maxsize=None)(re.compile(self.value).fullmatch)
        if self.operator == "=~":
            return lambda value: found(value) is not None
        return lambda value: found(value) is None
