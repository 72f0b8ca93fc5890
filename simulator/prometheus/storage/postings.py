"""Which series carry which label value."""

from collections.abc import Sequence

from simulator.prometheus.storage.labels import NAME, Labels
from simulator.prometheus.storage.matchers import Matcher


class Postings:
    """Series numbers by label name and value; not thread-safe by itself."""

    def __init__(self) -> None:
        self._labels: dict[int, Labels] = {}
        self._by_label: dict[str, dict[str, dict[int, None]]] = {}

    def add(self, reference: int, labels: Labels) -> None:
        """Make a series findable."""
        self._labels[reference] = labels
        for name, value in labels.items():
            self._by_label.setdefault(name, {}).setdefault(value, {})[reference] = None

    def remove(self, reference: int, labels: Labels) -> None:
        """Undo `add`."""
        del self._labels[reference]
        for name, value in labels.items():
            values = self._by_label[name]
            del values[value][reference]
            if not values[value]:
                del values[value]

    def matching(self, matchers: Sequence[Matcher]) -> list[int]:
        """The series that pass all matchers, in the order in which they were added."""
        exact = [one for one in matchers if one.operator == "=" and one.value]
        rest = [one for one in matchers if one not in exact]
        found = self._exact(exact, rest)
        for matcher in rest:
            found = [one for one in found if matcher.accepts(self._value(one, matcher.name))]
        return found

    def _exact(self, exact: Sequence[Matcher], rest: Sequence[Matcher]) -> list[int]:
        if not exact:
            return self._by_names(rest)
        found = sorted((self._posting(one) for one in exact), key=len)
        return [one for one in found[0] if all(one in other for other in found[1:])]

    def _posting(self, matcher: Matcher) -> dict[int, None]:
        return self._by_label.get(matcher.name, {}).get(matcher.value, {})

    def _by_names(self, matchers: Sequence[Matcher]) -> list[int]:
        tests = [one for one in matchers if one.name == NAME]
        if not tests:
            return list(self._labels)
        by_name = self._by_label.get(NAME, {})
        names = [name for name in by_name if all(test.accepts(name) for test in tests)]
        return sorted(reference for name in names for reference in by_name[name])

    def _value(self, reference: int, name: str) -> str:
        return self._labels[reference].get(name, "")
