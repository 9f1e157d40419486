"""A protocol says how a model's output becomes a mask and how masks are compared.

Every choice that moves a number is a named field, so that two scores can be told apart by their protocols.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import OverlapRule
from rebench.errors import RebenchError

Mask = NDArray[np.bool_]

_HUGE = 1e300
"""Stands for an infinite logit, so that inf - inf cannot make a NaN."""


class OutputError(ValueError):
    """A predictor's output that is no mask: the sample fails, it never counts as an empty mask."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The choices behind a score.

    Attributes:
        grid: where masks are compared; "original" is the picture's own size.
        interpolation: how logits reach that grid.
        align_corners: whether the outermost samples sit on the picture's edge (true) or half a pixel inside.
        activation: what turns a logit into a probability, after the interpolation.
        threshold: the probability from which on a pixel belongs to the referent.
        strict: a pixel exactly at the threshold is background.
        epsilon: added to the union of a sample before dividing.
        both_empty: the IoU where union and epsilon are zero.
        overlap: how the polygons of one object become the target mask.
        hits: the X of Pr@X; a sample is a hit where IoU >= X, compared in float64.
    """

    name: str
    grid: Literal["original"] = "original"
    interpolation: Literal["bilinear"] = "bilinear"
    align_corners: bool = False
    activation: Literal["sigmoid"] = "sigmoid"
    threshold: float = 0.5
    strict: bool = True
    epsilon: float = 0.0
    both_empty: float = 1.0
    overlap: OverlapRule = "union"
    hits: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)

    @property
    def threshold_logit(self) -> float:
        """The logit whose probability is `threshold`: masks are decided on logits."""
        return float(np.log(self.threshold / (1 - self.threshold)))


_PROTOCOLS = {p.name: p for p in (Protocol("original"),)}


def protocol_names() -> list[str]:
    """The known protocols, in order of declaration."""
    return list(_PROTOCOLS)


def get_protocol(name: "str | Protocol") -> Protocol:
    """The protocol of that name (a Protocol is returned as it is). Raises RebenchError if there is none."""
    if isinstance(name, Protocol):
        return name
    if name not in _PROTOCOLS:
        raise RebenchError(f"unknown protocol {name!r}, known: {', '.join(_PROTOCOLS)}")
    return _PROTOCOLS[name]


def to_mask(output: Any, height: int, width: int, protocol: "str | Protocol" = "original") -> Mask:
    """The mask a predictor meant, bool (height, width).

    Args:
        output: bool (height, width), passed through; or float logits (h, w) over the whole picture; or
            float (2, h, w) as (background, foreground), whose difference is the logit.
        height: rows of the picture.
        width: columns of the picture.
        protocol: how logits are resized and where the threshold lies. Arithmetic is float64.

    Raises:
        OutputError: the output is none of these, empty, or has NaN. Infinite logits are allowed.
    """
    choices = get_protocol(protocol)
    if not isinstance(output, np.ndarray):
        raise OutputError(f"expected a NumPy array, got {type(output).__name__}")
    if output.dtype == np.bool_:
        if output.shape != (height, width):
            raise OutputError(
                f"a bool mask must have the picture's shape {(height, width)}, got {output.shape}"
            )
        return output
    logits = resize_bilinear(_logits(output), height, width)
    cut = choices.threshold_logit
    return logits > cut if choices.strict else logits >= cut


def _logits(output: NDArray[Any]) -> NDArray[np.float64]:
    """Finite float64 logits (h, w) of a checked output."""
    if not np.issubdtype(output.dtype, np.floating):
        raise OutputError(f"expected a bool mask or float logits, got dtype {output.dtype}")
    if output.ndim != 2 and not (output.ndim == 3 and output.shape[0] == 2):
        raise OutputError(f"expected logits of shape (h, w) or (2, h, w), got {output.shape}")
    if output.size == 0:
        raise OutputError(f"expected logits, got an empty array of shape {output.shape}")
    if np.isnan(output).any():
        raise OutputError("the logits contain NaN")
    logits = np.clip(output.astype(np.float64), -_HUGE, _HUGE)
    return logits if logits.ndim == 2 else logits[1] - logits[0]


def resize_bilinear(values: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Bilinear resize of (h, w) to (height, width): half-pixel centres, edges clamped, no antialiasing.

    Equal to `torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=False)`.
    """
    if values.shape == (height, width):
        return values
    left, right, across = _neighbours(values.shape[1], width)
    columns = values[:, left] * (1 - across) + values[:, right] * across
    top, bottom, down = _neighbours(values.shape[0], height)
    resized: NDArray[np.float64] = columns[top] * (1 - down[:, None])
    resized += columns[bottom] * down[:, None]
    return resized


def _neighbours(size: int, length: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """For each of `length` outputs: its two source indices and the weight of the second, each (length,)."""
    position = np.maximum((np.arange(length) + 0.5) * (size / length) - 0.5, 0.0)
    first = np.minimum(position.astype(np.intp), size - 1)
    second = np.minimum(first + 1, size - 1)
    return first, second, position - first
