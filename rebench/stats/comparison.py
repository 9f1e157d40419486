"""One metric of one run with its interval, and one comparison of two runs on the same samples."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats import intervals, permutation
from rebench.stats.binary import clustered_mcnemar
from rebench.stats.contrast import Contrast, difference_of, metric_of
from rebench.stats.effects import cliffs_delta, standardized, superiority
from rebench.stats.equivalence import MARGIN, tost
from rebench.stats.paired import bootstrap_test, t_test, wilcoxon_test
from rebench.stats.scores import Scores, metric_terms
from rebench.stats.sums import ClusterSums, Floats
from rebench.stats.verdicts import Verdict, judge, p_text, sentence


@dataclass(frozen=True)
class Estimate:
    """A metric of a run: value, interval and cluster-robust standard error, all fractions.

    Attributes:
        metric: its name.
        value: NaN without samples.
        low: lower end; NaN where fewer than two images have a share.
        high: upper end, likewise.
        standard_error: linearised, images as units.
        samples: expressions with a share.
        images: images with a share.
    """

    metric: str
    value: float
    low: float
    high: float
    standard_error: float
    samples: int
    images: int


@dataclass(frozen=True)
class Comparison:
    """The lead of A over B: every difference is a - b, a fraction (0.018 is 1.8 points).

    Attributes:
        metric: "oiou", "miou", "pr50" ... or a column.
        value_a: A's value.
        value_b: B's.
        estimate: value_a - value_b.
        low: lower end of the interval of the difference.
        high: upper end.
        p: two-sided, of the hypothesis of no difference, by `test`.
        effect: the difference in units of its spread between images (Cohen's d_z, see `effects`).
        superiority: share of images on which A is better, ties half.
        cliffs_delta: images won minus images lost, as a share.
        standard_error: cluster-robust, of the difference.
        p_equivalence: of the hypothesis that the difference is `margin` or more either way (TOST).
        margin: what counts as no difference that matters.
        samples: expressions with a share.
        images: images with a share.
        test: how `p` was found.
        interval: how `low` and `high` were found.
        level: of the interval; 1 - level is the level of the verdict.
        resamples: bootstrap resamples and random exchanges.
        seed: of both.
    """

    metric: str
    value_a: float
    value_b: float
    estimate: float
    low: float
    high: float
    p: float
    effect: float
    superiority: float
    cliffs_delta: float
    standard_error: float
    p_equivalence: float
    margin: float
    samples: int
    images: int
    test: str
    interval: str
    level: float
    resamples: int
    seed: int

    @property
    def verdict(self) -> Verdict:
        """ "better", "worse", "tied" or "undecided": about A against B, for this comparison alone."""
        return judge(self.estimate, self.p, self.p_equivalence, intervals.alpha_of(self.level))

    @property
    def text(self) -> str:
        """The verdict in a sentence."""
        verdict = self.verdict
        p = p_text(self.p_equivalence if verdict == "tied" else self.p)
        numbers = (self.estimate, self.low, self.high)
        return sentence(("A", "B"), self.metric, verdict, numbers, p, self.margin)

    def as_dict(self) -> dict[str, Any]:
        """The fields and the verdict, for JSON; what is not a finite number is null."""
        return finite({**asdict(self), "verdict": self.verdict})


def estimate(
    scores: Scores,
    clusters: ArrayLike,
    metric: str = "oiou",
    resamples: int = 10_000,
    seed: int = 0,
    *,
    interval: str = "percentile",
    level: float = 0.95,
    where: ArrayLike | None = None,
) -> Estimate:
    """A metric of one run with an interval from resampling images.

    Args:
        scores: as for `compare`.
        clusters: image id per sample, (n,).
        metric: as for `compare`.
        resamples: how often the images are drawn.
        seed: same seed, same numbers.
        interval: "percentile", "basic" or "bca".
        level: of the interval.
        where: bool (n,), the samples of a group.

    Raises:
        RebenchError: unusable scores or an unknown choice.
    """
    intervals.check(interval, level)
    contrast = metric_of(scores, clusters, metric, where)
    low, high = contrast.interval(contrast.replicates(resamples, seed), interval, level)
    error = contrast.standard_error
    return Estimate(metric, contrast.estimate, low, high, error, contrast.samples, contrast.clusters)


def compare(
    scores_a: Scores,
    scores_b: Scores,
    clusters: ArrayLike,
    metric: str = "oiou",
    resamples: int = 10_000,
    seed: int = 0,
    *,
    test: str = "permutation",
    interval: str = "percentile",
    level: float = 0.95,
    margin: float = MARGIN,
    where: ArrayLike | None = None,
) -> Comparison:
    """Compare two runs on the same samples; differences are A minus B, positive where A is better.

    Args:
        scores_a: one row per sample: a pandas frame like scores.parquet, a mapping of arrays, a structured
            array or an object with the fields intersection, union, iou; or a plain array of values (IoU
            for "miou" and "pr..", (n, 2) of intersection and union for "oiou"). NaN is unknown, and the
            sample is then left out for both.
        scores_b: the same samples in the same order.
        clusters: image id per sample, (n,), numbers or strings.
        metric: "oiou", "miou", "pr50" to "pr99", or the name of a column to be averaged.
        resamples: of the bootstrap, and random exchanges of the permutation test.
        seed: same seed, same bytes. The bootstrap draws from `default_rng(seed)`, the exchanges from
            `default_rng(seed + 500)`.
        test: "permutation" (labels swapped per image), "bootstrap", "t" (cluster-robust), "wilcoxon" (on
            the images' differences) or "mcnemar" (clustered; hits only).
        interval: "percentile", "basic" or "bca".
        level: of the interval.
        margin: of equivalence, a fraction.
        where: bool (n,), the samples of a group.

    Returns:
        The comparison; numbers that the samples cannot give are NaN.

    Raises:
        RebenchError: the runs are not of the same samples, unusable scores, or an unknown choice.
    """
    intervals.check(interval, level)
    if test not in TESTS:
        raise RebenchError(f"unknown test {test!r}: use {', '.join(TESTS)}")
    paired = difference_of(scores_a, scores_b, clusters, metric, where)
    drawn = paired.replicates(resamples, seed)
    low, high = paired.interval(drawn, interval, level)
    case = _Case(paired, drawn, (scores_a, scores_b), clusters, metric, where, resamples, seed)
    p = TESTS[test](case) if paired.samples else float("nan")
    value_a, value_b = paired.sums.values
    error, images = paired.standard_error, paired.clusters
    values = paired.sums.cluster_values
    won = float(superiority(values[:, :1], values[:, 1:])[0])
    return Comparison(
        metric=metric,
        value_a=float(value_a),
        value_b=float(value_b),
        estimate=paired.estimate,
        low=low,
        high=high,
        p=float(p),
        effect=float(standardized(np.array(paired.estimate), np.array(error), np.array(images))),
        superiority=won,
        cliffs_delta=float(cliffs_delta(np.array(won))),
        standard_error=error,
        p_equivalence=float(tost(paired.estimate, error, images, margin, paired.sums.differing(0, 1))),
        margin=margin,
        samples=paired.samples,
        images=images,
        test=test,
        interval=interval,
        level=level,
        resamples=resamples,
        seed=seed,
    )


@dataclass(frozen=True, eq=False)
class _Case:
    """What a test may look at."""

    paired: Contrast
    drawn: Floats
    runs: tuple[Scores, Scores]
    clusters: ArrayLike
    metric: str
    where: ArrayLike | None
    resamples: int
    seed: int


def _permutation(case: _Case) -> float:
    sums = case.paired.sums
    a, b = (ClusterSums(sums.above[:, [run]], sums.below[:, [run]]) for run in (0, 1))
    return float(permutation.swap_test(a, b, case.resamples, permutation.generator(case.seed))[0])


def _mcnemar(case: _Case) -> float:
    if case.metric == "oiou":
        raise RebenchError("McNemar's test is of hits: use it for pr50 or a column of 0 and 1, not for oiou")
    hits, _, unknown = metric_terms(case.runs, case.metric)
    known = ~unknown
    if case.where is not None:
        known &= np.asarray(case.where, bool)
    return clustered_mcnemar(hits[known, 0], hits[known, 1], np.asarray(case.clusters)[known]).p


TESTS: dict[str, Callable[[_Case], float]] = {
    "permutation": _permutation,
    "bootstrap": lambda case: bootstrap_test(case.drawn),
    "t": lambda case: t_test(case.paired).p,
    "wilcoxon": lambda case: wilcoxon_test(case.paired.sums).p,
    "mcnemar": _mcnemar,
}
"""The tests that `compare` offers: all take images as units."""


def finite(document: dict[str, Any]) -> dict[str, Any]:
    """The same with null for every number that JSON has no word for."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in document.items()
    }
