"""The fleet autoencoder in numpy: the forward pass of the exported weights, nothing else.

It is told apart from Keras by no more than 1e-5 (a test compares them), and needs neither
TensorFlow nor its 700 MB in a detect worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats32 = npt.NDArray[np.float32]
Layer = tuple[Floats32, Floats32]

ROWS_AT_ONCE = 8192
LEAK = np.float32(0.2)
INPUT_CLIP = 10.0


class BadWeights(ValueError):
    """A weights file whose layers don't fit together."""


@dataclass(frozen=True)
class Network:
    """Dense autoencoders over windows of one scaled metric; their outputs are averaged.

    `center` and `scale` [window] are the scaler's; hidden layers are leaky ReLU, the last linear.
    """

    members: Sequence[Sequence[Layer]]
    center: Floats32
    scale: Floats32

    @property
    def window(self) -> int:
        """Samples that the network looks at."""
        return len(self.center)

    def rebuild(self, windows: Floats32) -> Floats32:
        """[rows, window] of scaled values → what the network makes of them, in the same units."""
        out = np.empty_like(windows, dtype=np.float32)
        for start in range(0, len(windows), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            out[rows] = self._some(windows[rows])
        return out

    def last_errors(self, windows: Floats32) -> Floats32:
        """[rows]: how far the last sample of each window is from what the network makes of it."""
        out = np.empty(len(windows), dtype=np.float32)
        for start in range(0, len(windows), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            some = windows[rows]
            last = np.clip(some[:, -1], -INPUT_CLIP, INPUT_CLIP)
            out[rows] = np.abs(last - self._some(some, last_only=True)[:, 0])
        return out

    def _some(self, windows: Floats32, *, last_only: bool = False) -> Floats32:
        clipped = np.clip(windows, -INPUT_CLIP, INPUT_CLIP)
        given = ((clipped - self.center) / self.scale).astype(np.float32, copy=False)
        total = sum(_forward(layers, given, last_only) for layers in self.members)
        mean = np.asarray(total / np.float32(len(self.members)), dtype=np.float32)
        column = slice(-1, None) if last_only else slice(None)
        return mean * self.scale[column] + self.center[column]


def _forward(layers: Sequence[Layer], given: Floats32, last_only: bool) -> Floats32:
    for weights, bias in layers[:-1]:
        given = given @ weights
        given += bias
        np.maximum(given, given * LEAK, out=given)
    weights, bias = layers[-1]
    if last_only:
        weights, bias = weights[:, -1:], bias[-1:]
    return np.asarray(given @ weights + bias, dtype=np.float32)


def save_network(network: Network, path: Path) -> None:
    """As .npz without pickles."""
    arrays: dict[str, Any] = {"center": network.center, "scale": network.scale}
    for at, layers in enumerate(network.members):
        for depth, (weights, bias) in enumerate(layers):
            arrays[f"w{at}_{depth}"], arrays[f"b{at}_{depth}"] = weights, bias
    np.savez_compressed(path, **arrays)


def load_network(path: Path) -> Network:
    """Raises BadWeights; the caller has compared the file's sha256 with the manifest."""
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name].astype(np.float32) for name in found.files}
        network = Network(_members(arrays), arrays["center"], arrays["scale"])
    except (OSError, ValueError, KeyError) as error:
        raise BadWeights(f"{path.name} holds no weights of an autoencoder: {error}") from error
    _check(network, path.name)
    return network


def _members(arrays: dict[str, Floats32]) -> list[list[Layer]]:
    members: list[list[Layer]] = []
    while f"w{len(members)}_0" in arrays:
        at = len(members)
        layers: list[Layer] = []
        while f"w{at}_{len(layers)}" in arrays:
            layers.append((arrays[f"w{at}_{len(layers)}"], arrays[f"b{at}_{len(layers)}"]))
        members.append(layers)
    return members


def _check(network: Network, name: str) -> None:
    for layers in network.members:
        widths = [network.window, *(weights.shape[1] for weights, _ in layers)]
        fits = all(
            weights.shape[0] == width
            for (weights, _), width in zip(layers, widths[:-1], strict=True)
        )
        if not fits or widths[-1] != network.window:
            raise BadWeights(f"{name}: its layers don't fit together")
    if not network.members:
        raise BadWeights(f"{name} holds no layers")
