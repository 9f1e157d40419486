"""What is estimated: a metric, a difference, a difference of differences are contrasts of ratios."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.errors import RebenchError
from rebench.stats.bootstrap import replicates
from rebench.stats.intervals import ends
from rebench.stats.scores import Scores, check_same_samples, metric_terms
from rebench.stats.sums import ClusterSums, Floats, cluster_sums

Bools = NDArray[np.bool_]

LEAD_CHANGE = (1.0, -1.0, -1.0, 1.0)
"""The weights of A and B in the first group, then of A and B in the second."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """A weighted sum of ratios: [1] is a metric, [1, -1] the lead of A over B on the same samples.

    Attributes:
        sums: per-cluster sums of the m ratios.
        weights: the weight of each ratio, (m,).
        samples: how many samples have a share.
    """

    sums: ClusterSums
    weights: Floats
    samples: int

    @cached_property
    def estimate(self) -> float:
        """The contrast of the ratios; NaN where one of them has no sample."""
        return float(self.sums.values @ self.weights)

    @property
    def clusters(self) -> int:
        """How many clusters (images) have a share in at least one of the ratios."""
        return int((self.sums.below > 0).any(axis=1).sum())

    @property
    def contributions(self) -> Floats:
        """What each cluster adds to the linearised contrast, (C,); they sum to 0."""
        return self.sums.contributions @ self.weights

    @property
    def standard_error(self) -> float:
        """The linearised (delta method) standard error with clusters as units, factor C / (C - 1).

        NaN with fewer than two clusters.

        Source: Cochran, Sampling Techniques (1977), section 6.3 for one ratio; Cameron and Miller, "A
        practitioner's guide to cluster-robust inference" (2015), section II, for means.
        """
        return standard_error(self.contributions, self.clusters)

    @property
    def jackknife_error(self) -> float:
        """The standard error from leaving out one cluster at a time.

        Source: Efron and Tibshirani (1993), equation 11.5.
        """
        left = self.sums.leave_one_out @ self.weights
        count = len(left)
        return float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))

    def replicates(self, resamples: int, seed: int) -> Floats:
        """The contrast of every resample of clusters, (resamples,); the recipe is `bootstrap.replicates`."""
        if resamples < 1:
            raise RebenchError("at least one resample is needed; 10,000 are usual")
        return replicates(self.sums, resamples, np.random.default_rng(seed)) @ self.weights

    def interval(self, drawn: Floats, method: str = "percentile", level: float = 0.95) -> tuple[float, float]:
        """The ends of an interval from the replicates, NaN where they cannot be had."""
        left = (self.sums.leave_one_out @ self.weights)[:, None]
        low, high = ends(method, np.array([self.estimate]), drawn[:, None], left, level)
        return float(low[0]), float(high[0])


def metric_of(scores: Scores, clusters: ArrayLike, metric: str, where: ArrayLike | None = None) -> Contrast:
    """One metric of one run, on the samples chosen by the mask `where` (all by default)."""
    return _contrast([scores], clusters, metric, [sample_mask(where, clusters)], [1.0])


def difference_of(
    scores_a: Scores, scores_b: Scores, clusters: ArrayLike, metric: str, where: ArrayLike | None = None
) -> Contrast:
    """The lead of A over B, a - b, on the same samples."""
    return _contrast([scores_a, scores_b], clusters, metric, [sample_mask(where, clusters)], [1.0, -1.0])


def lead_change_of(
    scores_a: Scores,
    scores_b: Scores,
    clusters: ArrayLike,
    metric: str,
    first: ArrayLike,
    second: ArrayLike,
) -> Contrast:
    """The lead of A over B in the first group minus that in the second; an image may hold both groups.

    Raises:
        RebenchError: the groups share a sample, besides what `metric_terms` raises.
    """
    masks = [sample_mask(first, clusters), sample_mask(second, clusters)]
    if np.any(masks[0] & masks[1]):
        raise RebenchError("the two groups share samples: an interaction needs groups apart")
    return _contrast([scores_a, scores_b], clusters, metric, masks, list(LEAD_CHANGE))


def standard_error(contributions: Floats, clusters: int) -> float:
    """sqrt(C / (C - 1) sum of squares) of linearised contributions, NaN below two clusters."""
    if clusters < 2:
        return float("nan")
    return float(np.sqrt(clusters / (clusters - 1) * (contributions**2).sum()))


def _contrast(
    runs: list[Scores], clusters: ArrayLike, metric: str, masks: list[Bools], weights: list[float]
) -> Contrast:
    names = "ab" if len(runs) == 2 else "a"
    check_same_samples(dict(zip(names, runs, strict=True)))
    terms = metric_terms(runs, metric, names)
    count = len(masks[0])
    if len(terms.unknown) != count:
        raise RebenchError(f"{len(terms.unknown)} scores, but {count} clusters: give one image id per score")
    parts = [np.concatenate([part * mask[:, None] for mask in masks], axis=1) for part in terms[:2]]
    samples = int((parts[1] > 0).any(axis=1).sum())
    return Contrast(cluster_sums(parts[0], parts[1], clusters), np.array(weights), samples)


def sample_mask(where: ArrayLike | None, clusters: ArrayLike) -> Bools:
    """The chosen samples, bool (n,)."""
    count = len(np.asarray(clusters))
    if where is None:
        return np.ones(count, dtype=bool)
    mask = np.asarray(where)
    if mask.dtype != bool or mask.shape != (count,):
        raise RebenchError(f"a group is a mask of {count} true or false, not {mask.dtype} {mask.shape}")
    return mask
