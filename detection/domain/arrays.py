"""Names of the array types that scores are computed with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


Bools = npt.NDArray[np.bool_]


Ints = npt.NDArray[np.int64]
