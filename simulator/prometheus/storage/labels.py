"""Label sets: plain dictionaries that nobody changes after they were made."""

from collections.abc import Collection, Iterable

Labels = dict[str, str]
LabelKey = tuple[tuple[str, str], ...]

NAME = "__name__"


def identity(labels: Labels) -> LabelKey:
    """What makes two label sets the same; it also sorts as Prometheus sorts series."""
    return tuple(sorted(labels.items()))


def nameless(labels: Labels) -> Labels:
    """The labels without the metric's name."""
    return {key: value for key, value in labels.items() if key != NAME}


def only_labels(labels: Labels, names: Iterable[str]) -> Labels:
    """Only the named labels, as `by` and `on` do; absent and empty ones are left out."""
    return {name: labels[name] for name in names if labels.get(name)}


def without_labels(labels: Labels, names: Collection[str]) -> Labels:
    """All but the named labels and the metric's name, as `without` and `ignoring` do."""
    return {key: value for key, value in labels.items() if key != NAME and key not in names}


def written(labels: Labels) -> str:
    """The labels as Prometheus prints them in messages."""
    pairs = (f'{key}="{value}"' for key, value in identity(labels))
    return "{" + ", ".join(pairs) + "}"
