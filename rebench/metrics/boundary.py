"""Boundary IoU: how far the contours of two masks agree, whatever their size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Rle
from rebench.metrics.overlap import iou
from rebench.metrics.runs import DamagedRuns, joined

DILATION = 0.02
"""How thick a boundary is, as a share of the picture's diagonal."""


def boundary_iou(
    predictions: Sequence[Rle], targets: Sequence[Rle], both_empty: float = 1.0, dilation: float = DILATION
) -> NDArray[np.float64]:
    """Boundary IoU of each pair, float64 (n,), 0 to 1.

    The boundary of a mask are its pixels that an erosion by a square of (2d + 1) x (2d + 1) pixels takes
    away, d = dilation * diagonal, rounded, at least 1; the picture's edge counts as outside. Boundary IoU is
    the IoU of the two boundaries. For small objects, boundaries are whole masks and it is the mask IoU.

    Args:
        predictions: COCO compressed run lengths.
        targets: as many, each of the size of its prediction.
        both_empty: the value where both masks are empty.
        dilation: the share of the diagonal.

    Raises:
        DamagedRuns: one of a pair has counts that are garbage or do not add up to the size.

    Source:
        Cheng, Girshick, Dollár, Berg and Kirillov, "Boundary IoU: Improving Object-Centric Image Segmentation
        Evaluation" (CVPR 2021), section "Boundary IoU"; the discrete erosion as in the authors' code.
    """
    if not len(predictions):
        return np.empty(0)
    from rebench.metrics.boundary_kernel import count  # numba takes its time to be imported

    sizes = np.array([mask["size"] for mask in predictions], dtype=np.int64)
    distances = np.maximum(1, np.rint(dilation * np.hypot(*sizes.T))).astype(np.int64)
    counts = np.empty((len(predictions), 2), np.int64)
    damaged = count(*joined(predictions), *joined(targets), sizes, distances, counts)
    if damaged >= 0:
        raise DamagedRuns(damaged)
    return iou(counts[:, 0], counts[:, 1], both_empty=both_empty)
