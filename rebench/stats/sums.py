"""The model of the data: per-image sums, from which every metric is a ratio of column totals.

oIoU is summed intersections over summed unions, a mean is summed values over counts. Once the sums per
image are there, resampling images is a product "weights x sums" and no expression is touched again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.errors import RebenchError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClusterSums:
    """Numerators and denominators of m ratios, summed within each of C clusters (images).

    Attributes:
        above: sums of numerators, (C, m).
        below: sums of denominators, (C, m), not negative; 0 where the cluster has no share in the ratio.
    """

    above: Floats
    below: Floats

    @property
    def values(self) -> Floats:
        """The m ratios of column totals; NaN where nothing has a share."""
        return ratio(self.above.sum(axis=0), self.below.sum(axis=0))

    @property
    def cluster_values(self) -> Floats:
        """The ratios of each cluster alone, (C, m); NaN where it has no share."""
        return ratio(self.above, self.below)

    @property
    def shares(self) -> NDArray[np.int64]:
        """How many clusters have a share in each ratio, (m,)."""
        return np.count_nonzero(self.below > 0, axis=0).astype(np.int64)

    def differing(self, a: int | slice, b: int | slice) -> NDArray[np.intp]:
        """In how many clusters the ratios in columns `a` and `b` differ, above or below the line."""
        unequal = (self.above[:, a] != self.above[:, b]) | (self.below[:, a] != self.below[:, b])
        return np.count_nonzero(unequal, axis=0)

    @property
    def leave_one_out(self) -> Floats:
        """The ratios without one cluster each, (C, m): the jackknife over clusters."""
        return ratio(self.above.sum(axis=0) - self.above, self.below.sum(axis=0) - self.below)

    @property
    def contributions(self) -> Floats:
        """What each cluster adds to the linearised ratio, (C, m); every column sums to 0.

        (above_i - R below_i) / sum(below): the first-order term of the ratio (delta method).
        """
        residuals = self.above - self.values * self.below
        return ratio(residuals, np.broadcast_to(self.below.sum(axis=0), residuals.shape))


def cluster_sums(above: ArrayLike, below: ArrayLike, clusters: ArrayLike) -> ClusterSums:
    """Sums per cluster, clusters in sorted order of their names.

    Args:
        above: numerators per sample, (n,) or (n, m).
        below: denominators per sample, of the same shape; 0 leaves a sample out.
        clusters: the cluster of each sample, (n,): numbers or strings.

    Raises:
        RebenchError: lengths differ, or there is no sample.
    """
    tops, bottoms = (_columns(np.asarray(part, dtype=np.float64)) for part in (above, below))
    _, numbers = number_clusters(clusters)
    if not len(tops) == len(bottoms) == len(numbers):
        raise RebenchError(f"{len(tops)} scores, but {len(numbers)} clusters: give one image id per score")
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(numbers.max() + 1))
    return ClusterSums(np.add.reduceat(tops[order], starts), np.add.reduceat(bottoms[order], starts))


def number_clusters(clusters: ArrayLike) -> tuple[NDArray[np.generic], NDArray[np.intp]]:
    """The sorted names, (C,), and the number of each sample's cluster in them, (n,).

    Raises:
        RebenchError: no sample, a missing id, or ids that cannot be sorted together.
    """
    ids = np.asarray(clusters)
    if ids.ndim != 1 or not len(ids):
        raise RebenchError("clusters must be one image id per score, and at least one")
    if ids.dtype.kind == "f" and np.isnan(ids).any():
        raise RebenchError("a score has no image id (NaN): give one image id per score")
    try:
        names, numbers = np.unique(ids, return_inverse=True)
    except TypeError:
        raise RebenchError("image ids are of several types: use numbers or strings for all of them") from None
    return names, numbers


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where below is not positive."""
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)


def _columns(part: Floats) -> Floats:
    return part[:, None] if part.ndim == 1 else part
