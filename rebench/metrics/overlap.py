"""How far two masks agree: exact pixel counts, and the one definition of IoU."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.data.split import Rle
from rebench.errors import RebenchError
from rebench.metrics.runs import DamagedRuns, count_overlaps


class Overlap(NamedTuple):
    """Pixel counts of a predicted and a true mask."""

    intersection: int
    union: int
    predicted_area: int
    target_area: int


def overlap(prediction: Rle, target: Rle) -> Overlap:
    """Exact counts, from the run lengths. Raises RebenchError if the masks differ in size or are damaged."""
    if list(prediction["size"]) != list(target["size"]):
        raise RebenchError(f"masks of sizes {prediction['size']} and {target['size']} cannot be compared")
    try:
        return Overlap(*count_overlaps([prediction], [target])[0].tolist())
    except DamagedRuns:
        raise RebenchError("invalid mask: the run lengths do not add up to its size") from None


def iou(
    intersection: ArrayLike, union: ArrayLike, *, epsilon: float = 0.0, both_empty: float = 1.0
) -> NDArray[np.float64]:
    """Intersection over union, float64 in 0 to 1 of the broadcast shape: I / (U + epsilon).

    Where that denominator is zero (both masks are empty) it is `both_empty`.
    """
    below = np.asarray(union, dtype=np.float64) + epsilon
    above, below = np.broadcast_arrays(np.asarray(intersection, dtype=np.float64), below)
    return np.divide(above, below, out=np.full(below.shape, float(both_empty)), where=below > 0)
