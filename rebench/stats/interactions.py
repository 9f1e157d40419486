"""Interaction: does A's lead over B differ between two groups of expressions?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rebench.stats.contrast import Contrast, lead_change_of, standard_error
from rebench.stats.permutation import generator, sign_flip_tests
from rebench.stats.scores import Scores
from rebench.stats.sums import Floats, ratio


@dataclass(frozen=True)
class LeadChange:
    """The lead of A over B in one group minus that in another.

    Attributes:
        estimate: lead_first - lead_second, a fraction.
        low: lower end of its interval.
        high: upper end.
        p: two-sided, of the hypothesis that both leads are equal (not that they are 0); NaN where a group
            has fewer than two images.
        lead_first: a - b in the first group.
        lead_second: a - b in the second.
        images: images with a sample in either group.
    """

    estimate: float
    low: float
    high: float
    p: float
    lead_first: float
    lead_second: float
    images: int


def lead_change(
    scores_a: Scores,
    scores_b: Scores,
    clusters: ArrayLike,
    metric: str,
    first: ArrayLike,
    second: ArrayLike,
    *,
    resamples: int = 10_000,
    seed: int = 0,
    interval: str = "percentile",
    level: float = 0.95,
) -> LeadChange:
    """Estimate and test the difference of differences; an image may hold expressions of both groups.

    The interval resamples images. The test flips the signs of the images' contributions under the
    hypothesis (`sign_flip_tests`): swapping labels would test that there is no lead at all.

    Args:
        scores_a: see `rebench.stats.compare`.
        scores_b: likewise.
        clusters: image id per sample, (n,).
        metric: likewise.
        first: bool (n,), the samples of the first group.
        second: bool (n,), those of the second, none of them in the first.
        resamples: bootstrap resamples, and random flips.
        seed: same seed, same numbers.
        interval: "percentile", "basic" or "bca".
        level: of the interval.

    Raises:
        RebenchError: the groups overlap, or unusable scores.
    """
    change = lead_change_of(scores_a, scores_b, clusters, metric, first, second)
    ends = change.interval(change.replicates(resamples, seed), interval, level)
    p = sign_flip_tests(null_contributions(change)[:, None], resamples, generator(seed))
    return as_lead_change(change, ends, float(p[0]))


def as_lead_change(change: Contrast, ends: tuple[float, float], p: float) -> LeadChange:
    """The result, from the contrast that `lead_change_of` makes (its first two ratios: the first group)."""
    values = change.sums.values
    return LeadChange(
        estimate=change.estimate,
        low=ends[0],
        high=ends[1],
        p=p,
        lead_first=float(values[0] - values[1]),
        lead_second=float(values[2] - values[3]),
        images=change.clusters,
    )


def null_contributions(change: Contrast) -> Floats:
    """What each image adds to a change of leads under the hypothesis that it is 0, (C,).

    Together that is the estimate. Both leads are moved until they are equal, each in proportion to its
    variance; an image's residuals from there are exchangeable in sign if the hypothesis holds. (Moved by
    equal parts, the lead of few images would be taken for better known than it is, and no flip of theirs
    could reach the estimate.)

    Returns:
        Contributions, NaN where a group has fewer than two images.
    """
    sums, weights = change.sums, change.weights
    leads = (sums.contributions * weights).reshape(-1, 2, 2).sum(axis=2)  # of the first group, of the second
    images = (sums.below > 0).reshape(-1, 2, 2).any(axis=2).sum(axis=0)
    variances = np.array([standard_error(lead, n) ** 2 for lead, n in zip(leads.T, images, strict=True)])
    if np.isnan(variances).any():
        return np.full(len(leads), np.nan)
    if not variances.any():
        variances = np.ones(2)
    shares = np.repeat(variances / variances.sum(), 2) / 2  # a lead moves by both of its runs
    moved = sums.values - change.estimate * weights * shares
    residuals = sums.above - moved * sums.below
    return ratio(residuals, np.broadcast_to(sums.below.sum(axis=0), residuals.shape)) @ weights
