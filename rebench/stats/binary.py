"""Tests of paired hits (Pr@X, identity): McNemar's, and one for hits that come in clusters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.errors import RebenchError
from rebench.stats.sums import cluster_sums

METHODS = ("exact", "mid-p", "chi2", "chi2-continuity")
CLUSTERED = ("obuchowski", "durkalski")


@dataclass(frozen=True)
class McNemar:
    """What came of the test.

    Attributes:
        a_only: samples that only A hits.
        b_only: samples that only B hits.
        statistic: the smaller of the two counts (exact, mid-p) or chi-square with one degree of freedom.
        p: two-sided.
        method: one of `METHODS` or `CLUSTERED`.
    """

    a_only: int
    b_only: int
    statistic: float
    p: float
    method: str


def mcnemar(hits_a: ArrayLike, hits_b: ArrayLike, method: str = "exact") -> McNemar:
    """McNemar's test of two hit rates on the same samples, which must be independent.

    Expressions of one image are not: use `clustered_mcnemar` or the cluster permutation for those. This
    is here for one expression per image, and to reproduce what others report.

    Args:
        hits_a: whether A hits each sample, (n,), bool or 0 and 1.
        hits_b: the same of B.
        method: "exact" (binomial), "mid-p", "chi2" or "chi2-continuity".

    Raises:
        RebenchError: unknown method, unequal lengths, or values other than 0 and 1.

    Source:
        McNemar (1947); mid-p after Fagerland, Lydersen and Laake (2013), equation 3; the continuity
        correction is Edwards's (1948).
    """
    from scipy.stats import binom, chi2

    if method not in METHODS:
        raise RebenchError(f"unknown McNemar test {method!r}: use {', '.join(METHODS)}")
    a, b = _hits(hits_a, hits_b)
    a_only, b_only = int((a & ~b).sum()), int((b & ~a).sum())
    smaller, both = min(a_only, b_only), a_only + b_only
    if method in ("exact", "mid-p"):
        p = min(1.0, 2 * float(binom.cdf(smaller, both, 0.5)))
        if method == "mid-p":
            p = 2 * float(binom.cdf(smaller, both, 0.5)) - float(binom.pmf(smaller, both, 0.5))
        return McNemar(a_only, b_only, float(smaller), p, method)
    correction = 1 if method == "chi2-continuity" else 0
    gap = max(abs(a_only - b_only) - correction, 0)
    statistic = gap**2 / both if both else 0.0
    return McNemar(a_only, b_only, statistic, float(chi2.sf(statistic, 1)), method)


def clustered_mcnemar(
    hits_a: ArrayLike, hits_b: ArrayLike, clusters: ArrayLike, method: str = "obuchowski"
) -> McNemar:
    """McNemar's test for hits that come in clusters (images), chi-square with one degree of freedom.

    With d_k the hits of A minus those of B in cluster k and n_k its samples: "obuchowski" is
    (K - 1) / K (sum d_k)^2 / sum d_k^2, in which every sample weighs the same, as in Pr@X; "durkalski" is
    (sum d_k / n_k)^2 / sum (d_k / n_k)^2, in which every image does. p = 1 where all d_k are 0.

    Raises:
        RebenchError: unknown method, unequal lengths, or values other than 0 and 1.

    Source:
        Obuchowski, "On the comparison of correlated proportions for clustered data" (1998), in the
        notation of Yang, Sun and Hardin (2010); Durkalski et al., "Analysis of clustered matched-pair
        data" (2003).
    """
    from scipy.stats import chi2

    if method not in CLUSTERED:
        raise RebenchError(f"unknown clustered McNemar test {method!r}: use {', '.join(CLUSTERED)}")
    a, b = _hits(hits_a, hits_b)
    sums = cluster_sums(a.astype(float) - b, np.ones(len(a)), clusters)
    leads = sums.above[:, 0] if method == "obuchowski" else sums.cluster_values[:, 0]
    squares = float((leads**2).sum())
    statistic = float(leads.sum()) ** 2 / squares if squares else 0.0
    if method == "obuchowski":
        statistic *= (len(leads) - 1) / len(leads)
    return McNemar(int((a & ~b).sum()), int((b & ~a).sum()), statistic, float(chi2.sf(statistic, 1)), method)


def _hits(hits_a: ArrayLike, hits_b: ArrayLike) -> list[NDArray[np.bool_]]:
    pair = [np.asarray(hits) for hits in (hits_a, hits_b)]
    if pair[0].ndim != 1 or pair[0].shape != pair[1].shape:
        raise RebenchError(f"hits of shape {pair[0].shape} and {pair[1].shape}: give one per sample for both")
    if not all(np.isin(hits, (0, 1)).all() for hits in pair):
        raise RebenchError("hits are true or false (1 or 0) for every sample: threshold the scores first")
    return [hits.astype(bool) for hits in pair]
