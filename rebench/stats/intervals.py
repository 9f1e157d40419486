"""From bootstrap replicates to the ends of an interval: percentile, basic, BCa."""

import numpy as np

from rebench.errors import RebenchError
from rebench.stats.sums import Floats

METHODS = ("percentile", "basic", "bca")
TIE = 1e-12
"""Replicates this close to the estimate count as equal to it: sums in another order differ by that much."""


def ends(
    method: str, estimates: Floats, replicates: Floats, leave_one_out: Floats | None, level: float
) -> tuple[Floats, Floats]:
    """Low and high ends, (m,) each, by one of `METHODS`.

    Args:
        method: "percentile", "basic" (the percentile interval mirrored at the estimate) or "bca".
        estimates: (m,).
        replicates: (B, m); NaN are left out.
        leave_one_out: estimates without one cluster each, (C, m); needed for "bca" alone.
        level: the share inside, between 0 and 1.

    Raises:
        RebenchError: unknown method, or a level outside (0, 1).
    """
    check(method, level)
    if method == "bca":
        assert leave_one_out is not None
        return bca(estimates, replicates, leave_one_out, level)
    low, high = percentile(replicates, level)
    return (2 * estimates - high, 2 * estimates - low) if method == "basic" else (low, high)


def check(method: str, level: float) -> None:
    """Raises RebenchError for an unknown method or a level outside (0, 1)."""
    if method not in METHODS:
        raise RebenchError(f"unknown interval {method!r}: use {', '.join(METHODS)}")
    if not 0 < level < 1:
        raise RebenchError(f"the level of an interval lies between 0 and 1, not at {level}: 0.95 is usual")


def alpha_of(level: float) -> float:
    """The level of a test that belongs to an interval: 0.05 for 0.95, without the rounding of 1 - 0.95."""
    return round(1 - level, 12)


def percentile(replicates: Floats, level: float) -> tuple[Floats, Floats]:
    """The central `level` of the replicates of each column, (m,) each; NaN where there is none.

    Source: Efron and Tibshirani (1993), section 13.3; quantiles interpolated linearly.
    """
    tails = ((1 - level) / 2, (1 + level) / 2)
    low, high = (np.full(replicates.shape[1], np.nan) for _ in tails)
    for column, values in enumerate(replicates.T):
        known = values[~np.isnan(values)]
        if len(known):
            low[column], high[column] = np.quantile(known, tails)
    return low, high


def bca(estimates: Floats, replicates: Floats, leave_one_out: Floats, level: float) -> tuple[Floats, Floats]:
    """Bias-corrected and accelerated ends, (m,) each.

    NaN where no correction can be estimated: all replicates lie on one side of the estimate.

    Source: Efron and Tibshirani (1993), section 14.3, equations 14.9 to 14.15, with clusters as the units
    of the jackknife; replicates equal to the estimate count half in the bias correction.
    """
    from scipy.stats import norm

    bends = acceleration(leave_one_out)
    tails = norm.ppf([(1 - level) / 2, (1 + level) / 2])
    low, high = (np.full(len(estimates), np.nan) for _ in tails)
    for column, (estimate, values) in enumerate(zip(estimates, replicates.T, strict=True)):
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        equal = np.abs(known - estimate) <= TIE * max(1.0, abs(estimate))
        bias = norm.ppf(np.mean(np.where(equal, 0.5, known < estimate)))
        if np.isfinite(bias):
            shifted = bias + tails
            shares = norm.cdf(bias + shifted / (1 - bends[column] * shifted))
            low[column], high[column] = np.quantile(known, shares)
    return low, high


def acceleration(leave_one_out: Floats) -> Floats:
    """How fast the standard error changes with the estimate, (m,); 0 where no cluster matters.

    Source: Efron and Tibshirani (1993), equation 14.15.
    """
    pulls = leave_one_out.mean(axis=0) - leave_one_out
    spread = (pulls**2).sum(axis=0)
    above, below = (pulls**3).sum(axis=0), 6 * spread**1.5
    return np.divide(above, below, out=np.zeros(len(spread)), where=below > 0)
