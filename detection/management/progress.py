"""Progress of a command on stderr, so that stdout is the result alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

Tell = Callable[[str], None]


@contextmanager
def progress(stderr: Any, steps: int) -> Iterator[Tell]:
    """What is being done, told step by step: a bar on a terminal, else one line a step.

    `steps` is about how many there will be; some may be left out (early stopping) or come on top.
    """
    if stderr.isatty():
        with tqdm(total=steps, file=sys.stderr, bar_format=FORMAT) as bar:
            yield lambda text: _forward(bar, text)
            bar.total = bar.n
    else:
        yield stderr.write


FORMAT = "{percentage:3.0f} % |{bar:30}| {elapsed}, {remaining} left: {desc}"


def _forward(bar: Any, text: str) -> None:
    bar.total = max(bar.total, bar.n + 1)
    bar.set_description_str(text, refresh=False)
    bar.update(1)
