"""How large a difference is, beside how sure it is."""

import numpy as np

from rebench.stats.intervals import TIE
from rebench.stats.sums import Floats


def standardized(estimates: Floats, standard_errors: Floats, clusters: Floats) -> Floats:
    """The difference in units of its spread between images, (m,): estimate / (SE sqrt(C)).

    With one expression per image and a mean this is Cohen's d of paired data, d_z. 0 where estimate and
    error are both 0, infinite where only the error is.

    Source: Lakens, "Calculating and reporting effect sizes" (2013), equation 7; the standard error is
    `Contrast.standard_error`.
    """
    spread = standard_errors * np.sqrt(clusters)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((spread == 0) & (estimates == 0), 0.0, estimates / spread)


def superiority(values_a: Floats, values_b: Floats) -> Floats:
    """The share of images on which A is better, ties half, (m,); 0.5 where neither is.

    Args:
        values_a: A's value on each image, (C, m), NaN where it has none.
        values_b: the same of B.

    Source: McGraw and Wong, "A common language effect size statistic" (1992), for paired data.
    """
    gap = values_a - values_b
    known = ~np.isnan(gap)
    wins = np.where(np.abs(gap) <= TIE, 0.5, gap > 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((wins * known).sum(axis=0) / known.sum(axis=0))


def cliffs_delta(superiorities: Floats) -> Floats:
    """Images won minus images lost, as a share, -1 to 1: 2 superiority - 1.

    Source: Cliff, "Dominance statistics" (1993), the paired delta within units.
    """
    return 2 * superiorities - 1
