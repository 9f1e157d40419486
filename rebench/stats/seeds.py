"""Several training seeds of a model: test-set uncertainty and training-seed uncertainty, kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats.bootstrap import replicates
from rebench.stats.contrast import sample_mask
from rebench.stats.intervals import check, percentile
from rebench.stats.scores import Scores, check_same_samples, metric_terms
from rebench.stats.sums import Floats, cluster_sums


@dataclass(frozen=True)
class Part:
    """One source of uncertainty: standard error and interval, fractions."""

    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class SeedUncertainty:
    """A metric averaged over training seeds (or the difference of two such), with what it may owe to chance.

    Attributes:
        estimate: the mean over the seeds.
        per_seed: the metric of each seed of A.
        per_seed_b: of each seed of B; empty for a single model.
        test_set: test-set uncertainty: other images, the same trained models.
        training_seed: training-seed uncertainty: other seeds, the same images; NaN with a single seed.
        both: other seeds and other images; NaN with a single seed.
        level: of the intervals.
    """

    estimate: float
    per_seed: tuple[float, ...]
    per_seed_b: tuple[float, ...]
    test_set: Part
    training_seed: Part
    both: Part
    level: float

    @property
    def text(self) -> str:
        """Estimate and both uncertainties in words."""
        counts = [len(part) for part in (self.per_seed, self.per_seed_b) if part]
        seeds = " and ".join(map(str, counts)) + (" seed" if counts == [1] else " seeds")
        error = self.training_seed.standard_error
        between = "unknown" if np.isnan(error) else f"±{100 * error:.1f}"
        return (
            f"{100 * self.estimate:.1f} over {seeds};"
            f" test-set uncertainty ±{100 * self.test_set.standard_error:.1f},"
            f" training-seed uncertainty {between} (standard errors)"
        )


def seed_uncertainty(
    runs: Sequence[Scores],
    clusters: ArrayLike,
    metric: str = "oiou",
    *,
    against: Sequence[Scores] = (),
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    where: ArrayLike | None = None,
) -> SeedUncertainty:
    """Uncertainty of a model that was trained several times, and of its lead over another.

    Test-set: images resampled, all seeds kept (cluster bootstrap). Training-seed: the spread of the
    seeds on these images; standard error s / sqrt(K), interval by t, for two models as Welch's. Both: the
    two variances added, interval by t. (Resampling a few seeds cannot do that: percentiles of two or three
    points are much too narrow.)

    Args:
        runs: the scores of the model's seeds, on the same samples in the same order.
        clusters: image id per sample, (n,).
        metric: see `rebench.stats.compare`.
        against: the seeds of a second model, trained independently; estimates are then differences.
        resamples: number of resamples.
        seed: of the resampling; same seed, same numbers.
        level: of the intervals.
        where: bool (n,), the samples of a group.

    Raises:
        RebenchError: no run, or unusable scores.

    Source:
        Welch (1947) and Satterthwaite (1946) for the degrees of freedom of a sum of variances. Why seeds
        matter: Bouthillier et al., "Accounting for variance in machine learning benchmarks" (2021).
    """
    if not runs or resamples < 1:
        raise RebenchError("give at least one run and one resample")
    check("percentile", level)
    all_runs = [*runs, *against]
    check_same_samples({f"run {number}": run for number, run in enumerate(all_runs, 1)})
    above, below, _ = metric_terms(all_runs, metric)
    mask = sample_mask(where, clusters)[:, None]
    if len(above) != len(mask):
        raise RebenchError(f"{len(above)} scores, but {len(mask)} clusters: give one image id per score")
    sums = cluster_sums(above * mask, below * mask, clusters)
    values, sides = sums.values, [len(runs)] + ([len(against)] if against else [])
    parts = np.split(values, [len(runs)])
    kept = _lead(replicates(sums, resamples, np.random.default_rng(seed)), sides)
    estimate, test_set = float(_lead(values[None], sides)[0]), _part(kept, level)
    variances, degrees = _between(parts[: len(sides)])
    shares = int((sums.below > 0).any(axis=1).sum())
    return SeedUncertainty(
        estimate=estimate,
        per_seed=tuple(parts[0].tolist()),
        per_seed_b=tuple(parts[1].tolist()),
        test_set=test_set,
        training_seed=_t_part(estimate, variances, degrees, level),
        both=_t_part(
            estimate, [*variances, test_set.standard_error**2], [*degrees, max(shares - 1, 1)], level
        ),
        level=level,
    )


def _lead(values: Floats, sides: list[int]) -> Floats:
    """The mean over A's seeds, less the mean over B's where there are any, (rows,)."""
    means = [side.mean(axis=1) for side in np.split(values, np.cumsum(sides)[:-1], axis=1)]
    return means[0] if len(means) == 1 else means[0] - means[1]


def _part(drawn: Floats, level: float) -> Part:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Part(*(float("nan"),) * 3)
    low, high = percentile(known[:, None], level)
    return Part(float(known.std(ddof=1)) if len(known) > 1 else float("nan"), float(low[0]), float(high[0]))


def _between(sides: list[Floats]) -> tuple[list[float], list[int]]:
    """The variance of each model's mean over its seeds, NaN for one seed, and its degrees of freedom."""
    variances = [float(side.var(ddof=1)) / len(side) if len(side) > 1 else float("nan") for side in sides]
    return variances, [len(side) - 1 for side in sides]


def _t_part(middle: float, variances: Sequence[float], degrees: Sequence[int], level: float) -> Part:
    """The t interval of a sum of independent parts; degrees of freedom by Welch and Satterthwaite."""
    from scipy.stats import t

    parts = np.array(variances)
    total = float(parts.sum())
    if np.isnan(total):
        return Part(*(float("nan"),) * 3)
    if total == 0:
        return Part(0.0, middle, middle)
    freedom = total**2 / float((parts**2 / np.array(degrees)).sum())
    reach = float(t.ppf((1 + level) / 2, freedom)) * np.sqrt(total)
    return Part(float(np.sqrt(total)), middle - reach, middle + reach)
