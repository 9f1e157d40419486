"""Equivalence: that two models are tied is a finding of its own, not the lack of a difference."""

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats.sums import Floats

NO_SPREAD = 1e-12
"""A standard error up to this is rounding alone."""

FEW = 10
"""Images that differ, below which a t-test of equivalence is not to be trusted."""

MARGIN = 0.01
"""The default margin: one point. Say what difference would not matter to you before you look."""


def tost(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    clusters: ArrayLike,
    margin: float,
    differing: ArrayLike = FEW,
) -> Floats:
    """p-values of two one-sided t-tests that a difference lies inside (-margin, margin).

    The larger of the p-values of "it is at most -margin" and "it is at least margin", t with C - 1
    degrees of freedom. Small p: tied within the margin. p < 0.05 is the same as a 90 % interval
    (estimate +- t SE) inside the margin. NaN where there is no standard error.

    Where the models differ on few images or none, more such images may just not have been drawn, and t is
    too sure. There p is at least the chance that C images, of which a share of (margin - |d|) / (1 - |d|)
    differed by 1 and the others by the estimate d, show none of the former.

    Args:
        estimates: differences.
        standard_errors: their cluster-robust standard errors, of the same shape.
        clusters: how many clusters (images) each rests on.
        margin: above 0, in the units of the estimates.
        differing: on how many clusters the two differ; below `FEW` the last paragraph holds.

    Raises:
        RebenchError: the margin is not above 0, or infinite.

    Source:
        Schuirmann (1987); Lakens, "Equivalence tests" (2017).
    """
    from scipy.stats import t

    check_margin(margin)
    values, errors = np.asarray(estimates, float), np.asarray(standard_errors, float)
    degrees = np.maximum(np.asarray(clusters, float) - 1, 1)
    room = margin - np.abs(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = t.sf(room / errors, degrees)
    unseen = np.clip(
        room / np.maximum(1 - np.abs(values), room), 0, 1
    )  # share of images with a difference of 1
    least = (1 - unseen) ** (degrees + 1)
    p = np.where(np.asarray(differing) < FEW, np.maximum(p, least), p)
    return np.where(errors <= NO_SPREAD, least, p)


def tost_bootstrap(drawn: Floats, margin: float) -> float:
    """The same from the replicates of a difference, (B,): the larger share beyond one of the margins.

    Source: the percentile interval's inversion, (1 + hits) / (1 + B).
    """
    check_margin(margin)
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return float("nan")
    beyond = max(np.count_nonzero(known <= -margin), np.count_nonzero(known >= margin))
    return float((1 + beyond) / (1 + len(known)))


def check_margin(margin: float) -> None:
    """Raises RebenchError if the margin is not above 0, or infinite."""
    if not 0 < margin < float("inf"):
        raise RebenchError(f"a margin of equivalence is above 0 and finite, not {margin}: 0.01 is one point")
