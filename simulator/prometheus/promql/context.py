"""What an evaluation offers to the functions it calls."""

from dataclasses import dataclass
from typing import Protocol

from simulator.prometheus.promql.syntax import Expr
from simulator.prometheus.storage.samples import Floats, Frame, Ints, Value
from simulator.prometheus.storage.windows import Windows


class EvaluationContext(Protocol):
    """An evaluation at a row of times; its methods evaluate an argument as one type."""

    @property
    def times_ms(self) -> Ints:
        """The times of the evaluation."""

    def value(self, expr: Expr) -> Value:
        """Whatever the expression is."""

    def vector(self, expr: Expr) -> Frame:
        """An instant vector."""

    def scalar(self, expr: Expr) -> Floats:
        """A number for each time."""

    def text(self, expr: Expr) -> str:
        """A string."""

    def windows(self, expr: Expr) -> Windows:
        """A range vector."""

    def sample_times(self, expr: Expr) -> Frame:
        """The instant vector with each value replaced by its sample's time in seconds."""


@dataclass(frozen=True)
class Options:
    """What a Prometheus sets by flags."""

    lookback_seconds: float = 300.0
    evaluation_interval_seconds: float = 60.0
    max_samples: int = 50_000_000
