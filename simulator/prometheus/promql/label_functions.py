"""label_replace and label_join."""

import re

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.ranking import LABEL_NAME
from simulator.prometheus.promql.syntax import FunctionCall
from simulator.prometheus.storage.frames import relabelled
from simulator.prometheus.storage.labels import Labels
from simulator.prometheus.storage.samples import Frame

REFERENCE = re.compile(r"\$(?:\$|(?P<plain>\w+)|\{(?P<braced>\w+)\})")


def replace(context: EvaluationContext, call: FunctionCall) -> Frame:
    """label_replace(v, target, replacement, source, regex); the expression matches as a whole."""
    frame = context.vector(call.args[0])
    target, replacement, source, regex = (context.text(one) for one in call.args[1:])
    pattern = _compiled(regex)
    _check_target(target, "label_replace")

    def change(labels: Labels) -> Labels:
        found = pattern.fullmatch(labels.get(source, ""))
        return labels if found is None else _set(labels, target, _expanded(replacement, found))

    return relabelled(frame, change)


def join(context: EvaluationContext, call: FunctionCall) -> Frame:
    """label_join(v, target, separator, source, …)."""
    frame = context.vector(call.args[0])
    target, separator, *sources = (context.text(one) for one in call.args[1:])
    _check_target(target, "label_join")

    def change(labels: Labels) -> Labels:
        parts = (labels.get(source, "") for source in sources)
        return _set(labels, target, separator.join(parts))

    return relabelled(frame, change)


def _compiled(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex)
    except re.error:
        message = f"invalid regular expression in label_replace(): {regex}"
        raise ExecutionError(message) from None


def _check_target(target: str, function: str) -> None:
    if not LABEL_NAME.fullmatch(target):
        raise ExecutionError(f"invalid destination label name in {function}(): {target}")


def _set(labels: Labels, name: str, value: str) -> Labels:
    rest = {key: other for key, other in labels.items() if key != name}
    return rest | {name: value} if value else rest


def _expanded(replacement: str, found: re.Match[str]) -> str:
    """Go's Regexp.Expand: `$1`, `$name`, `${1}`, `$$`; an unknown reference is empty."""

    def reference(one: re.Match[str]) -> str:
        wanted = one["plain"] or one["braced"]
        if wanted is None:
            return "$"
        try:
            return found[int(wanted) if wanted.isdigit() else wanted] or ""
        except IndexError:
            return ""

    return REFERENCE.sub(reference, replacement)
