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
from rebench.stats.sums import ClusterSums, Floats, cluster_sums


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
    """

    estimate: float
    per_seed: tuple[float, ...]
    per_seed_b: tuple[float, ...]
    test_set: Part
    training_seed: Part
    both: Part

    @property
    def text(self) -> str:
        """Estimate and both uncertainties in words."""
        seeds = f"{len(self.per_seed)}" + (f" and {len(self.per_seed_b)}" if self.per_seed_b else "")
        return (
            f"{100 * self.estimate:.1f} over {seeds} seeds;"
            f" test-set uncertainty ±{100 * self.test_set.standard_error:.1f},"
            f" training-seed uncertainty ±{100 * self.training_seed.standard_error:.1f} (standard errors)"
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
    seeds on these images; standard error s / sqrt(K), interval by t, for two models as Welch's. Both:
    seeds and images resampled, crossed; a resample's deviation between seeds is stretched by
    sqrt(K / (K - 1)), without which K resampled seeds would spread too little.

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
        Davison and Hinkley (1997), section 3.8, for the stretching; the crossed resampling is the pigeonhole
        bootstrap of Owen (2007). Why seeds matter: Bouthillier et al., "Accounting for variance in machine
        learning benchmarks" (2021).
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
    images, crossed = _drawn(sums, sides, resamples, np.random.default_rng(seed))
    parts = np.split(values, [len(runs)])
    lone = 1 in sides
    return SeedUncertainty(
        estimate=float(_lead(values[None], sides)[0]),
        per_seed=tuple(parts[0].tolist()),
        per_seed_b=tuple(parts[1].tolist()),
        test_set=_part(images, level),
        training_seed=_between(parts[: len(sides)], level),
        both=Part(*(float("nan"),) * 3) if lone else _part(crossed, level),
    )


def _drawn(
    sums: ClusterSums, sides: list[int], resamples: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Replicates with the seeds kept, and with the seeds resampled too, (resamples,) each."""
    values = replicates(sums, resamples, rng)
    kept = _lead(values, sides)
    crossed = kept.copy()
    for sign, side in zip((1, -1), np.split(values, np.cumsum(sides)[:-1], axis=1), strict=False):
        count = side.shape[1]
        if count > 1:
            weights = rng.multinomial(count, np.full(count, 1 / count), size=resamples) / count
            stretch = np.sqrt(count / (count - 1))
            crossed += sign * stretch * ((weights - 1 / count) * side).sum(axis=1)
    return kept, crossed


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


def _between(sides: list[Floats], level: float) -> Part:
    """From the spread between seeds on the given images: t interval, Welch's degrees of freedom."""
    from scipy.stats import t

    if any(len(side) < 2 for side in sides):
        return Part(*(float("nan"),) * 3)
    variances = np.array([side.var(ddof=1) / len(side) for side in sides])
    error = float(np.sqrt(variances.sum()))
    degrees = np.array([len(side) - 1 for side in sides])
    means = [float(side.mean()) for side in sides]
    middle = means[0] if len(means) == 1 else means[0] - means[1]
    if error == 0 or np.isnan(error):
        return Part(error, middle, middle)
    freedom = float(variances.sum() ** 2 / (variances**2 / degrees).sum())
    reach = float(t.ppf((1 + level) / 2, freedom)) * error
    return Part(error, middle - reach, middle + reach)
