"""Intervals by resampling images: the expressions of one image are not independent."""

from collections.abc import Iterator

import numpy as np

from rebench.stats.intervals import percentile
from rebench.stats.sums import ClusterSums, Floats, ratio

_BLOCK = 1 << 20
"""Draws held in memory at a time; a block is some tens of megabytes."""


def cluster_bootstrap(
    numerators: Floats,
    denominators: Floats,
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """Percentile intervals of m ratios of sums, from drawing whole clusters with replacement.

    Ratio j is `numerators[:, j].sum() / denominators[:, j].sum()`: oIoU with summed intersections over
    summed unions, a mean with summed values over counts. All ratios share the drawn clusters.

    Args:
        numerators: per-cluster sums, (clusters, m).
        denominators: per-cluster sums, (clusters, m), not negative; 0 where the cluster has no share.
        resamples: how often `clusters` clusters are drawn.
        rng: the source of chance; the same state gives the same intervals.
        level: the share of resampled values inside, between 0 and 1.

    Returns:
        value, low, high, each (m,). The value is NaN where the denominator is zero everywhere. The
        interval is NaN where fewer than two clusters have a share: one image says nothing about the
        spread between images. A resample without any share in a ratio is left out for that ratio.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3; clusters as the unit
        as in Cameron, Gelbach and Miller (2008), "pairs cluster bootstrap".
    """
    sums = ClusterSums(numerators, denominators)
    return sums.values, *percentile(replicates(sums, resamples, rng), level)


def replicates(sums: ClusterSums, resamples: int, rng: np.random.Generator) -> Floats:
    """The ratios of every resample, (resamples, m); all share the drawn clusters.

    Resample r draws `rng.integers(0, C, size=(resamples, C))[r]`, whatever the size of the blocks. A
    ratio in which fewer than two clusters have a share is NaN throughout, as is a single resample
    without any share.
    """
    clusters, ratios = sums.above.shape
    drawn = np.full((resamples, ratios), np.nan)
    estimable = np.flatnonzero(sums.shares >= 2)
    if not len(estimable):
        return drawn
    above, below = sums.above[:, estimable], sums.below[:, estimable]
    start = 0
    for counts in _draws(clusters, resamples, rng):
        drawn[start : start + len(counts), estimable] = ratio(counts @ above, counts @ below)
        start += len(counts)
    return drawn


def _draws(clusters: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """How often each cluster was drawn, in blocks of (resamples of the block, clusters)."""
    rows = max(1, _BLOCK // clusters)
    for start in range(0, resamples, rows):
        block = min(rows, resamples - start)
        drawn = rng.integers(clusters, size=(block, clusters))
        drawn += np.arange(block)[:, None] * clusters
        counts = np.bincount(drawn.ravel(), minlength=block * clusters)
        yield counts.reshape(block, clusters).astype(np.float64)
