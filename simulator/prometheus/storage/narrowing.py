"""One place for what the parser has already checked and the types cannot know."""

from typing import Any, TypeVar

T = TypeVar("T")


def narrowed(value: Any, kind: type[T]) -> T:
    """The value as that type; TypeError if the parser let another one through."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
