"""Paired tests on request, beside the cluster permutation: t, bootstrap, Wilcoxon; images are the units."""

from typing import NamedTuple

import numpy as np

from rebench.errors import RebenchError
from rebench.stats.contrast import Contrast
from rebench.stats.equivalence import NO_SPREAD
from rebench.stats.sums import ClusterSums, Floats


class PairedTest(NamedTuple):
    """A statistic and its two-sided p-value (one-sided where it was asked for)."""

    statistic: float
    p: float


def t_test(contrast: Contrast) -> PairedTest:
    """Estimate over cluster-robust standard error, t with C - 1 degrees of freedom.

    With one expression per image and a mean this is the paired t-test. NaN below two clusters; p = 1
    where the estimate and its error are both 0. Where the error alone is, there is no t: p is that of C equal
    signs, 2 / 2^C.

    Source: Cameron and Miller (2015), section VI.
    """
    from scipy.stats import t

    error = contrast.standard_error
    if np.isnan(error) or np.isnan(contrast.estimate):
        return PairedTest(float("nan"), float("nan"))
    if error <= NO_SPREAD:
        none = abs(contrast.estimate) <= NO_SPREAD
        return PairedTest(0.0, 1.0) if none else PairedTest(np.inf, 2.0 ** (1 - contrast.clusters))
    statistic = contrast.estimate / error
    return PairedTest(statistic, float(2 * t.sf(abs(statistic), contrast.clusters - 1)))


def bootstrap_test(drawn: Floats) -> float:
    """Twice the smaller share of replicates on either side of 0, at most 1: the percentile interval's p.

    Source: Efron and Tibshirani (1993), section 16.4 in spirit; p = 2 (1 + min) / (1 + B) after Davison
    and Hinkley, Bootstrap Methods and their Application (1997), equation 4.11.
    """
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return float("nan")
    fewer = min(np.count_nonzero(known <= 0), np.count_nonzero(known >= 0))
    return float(min(1.0, 2 * (1 + fewer) / (1 + len(known))))


def wilcoxon_test(
    sums: ClusterSums,
    *,
    zero_method: str = "wilcox",
    correction: bool = False,
    alternative: str = "two-sided",
) -> PairedTest:
    """Wilcoxon's signed-rank test on the images' differences, A minus B (`scipy.stats.wilcoxon`).

    It asks whether the differences are symmetric about 0, image by image, not whether a metric differs.
    p = 1 where all differences are 0.

    Args:
        sums: of A and of B, two columns; an image's difference is that of its two ratios.
        zero_method: "wilcox" (drop zeros), "pratt" or "zsplit".
        correction: continuity correction of the normal approximation.
        alternative: "two-sided", "greater" or "less".

    Raises:
        RebenchError: no image has a share in both.
    """
    from scipy.stats import wilcoxon

    values = image_differences(sums)
    if not len(values):
        raise RebenchError("no image has scores of both runs: there is nothing to rank")
    if not values.any():
        return PairedTest(0.0, 1.0)
    result = wilcoxon(values, zero_method=zero_method, correction=correction, alternative=alternative)
    return PairedTest(float(result.statistic), float(result.pvalue))


def image_differences(sums: ClusterSums) -> Floats:
    """A's ratio minus B's of each image that has a share in both, (images,).

    Rounded to 12 digits, so that equal differences of unequal roundings rank as ties.
    """
    values = sums.cluster_values
    differences = values[:, 0] - values[:, 1]
    return np.round(differences[~np.isnan(differences)], 12)
