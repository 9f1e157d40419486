"""Pixel counts of many pairs of masks, from their run lengths, without decoding a mask or trusting one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Rle

Ints = NDArray[np.int64]


class DamagedRuns(ValueError):
    """Run lengths that are no mask of their size; `index` says which of those given."""

    def __init__(self, index: int) -> None:
        super().__init__(f"mask {index} has damaged run lengths")
        self.index = index


def count_overlaps(predictions: Sequence[Rle], targets: Sequence[Rle]) -> Ints:
    """Intersection, union, predicted area and target area of each pair, int64 (n, 4), exact.

    Args:
        predictions: COCO compressed run lengths.
        targets: as many, each of the size of its prediction.

    Raises:
        DamagedRuns: one of a pair has counts that are garbage or do not add up to the size.
    """
    counts = np.empty((len(predictions), 4), np.int64)
    if len(counts):
        from rebench.metrics.runs_kernel import count  # numba takes its time to be imported

        pixels = np.array([mask["size"][0] * mask["size"][1] for mask in predictions], dtype=np.int64)
        damaged = count(*joined(predictions), *joined(targets), pixels, counts)
        if damaged >= 0:
            raise DamagedRuns(damaged)
    return counts


def joined(masks: Sequence[Rle]) -> tuple[NDArray[np.uint8], Ints]:
    """Their texts end to end, and where each begins, (n + 1,)."""
    texts = [mask["counts"].encode("ascii", "replace") for mask in masks]
    begins = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return np.frombuffer(b"".join(texts), dtype=np.uint8), begins
