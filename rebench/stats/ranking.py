"""Many models: where each may rank, and which cannot be told from the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rebench.stats.intervals import TIE
from rebench.stats.sums import Floats


@dataclass(frozen=True)
class Rank:
    """Where a model ranks; 1 is best.

    Attributes:
        model: its name.
        value: its metric.
        rank: among the estimates; ties share the mean of their ranks.
        low: lower end of the bootstrap interval of its rank.
        high: upper end.
        first: share of resamples in which it is best (ties shared).
        at_best: 1 + the number of models that are significantly better.
        at_worst: the number of models less those that are significantly worse.
    """

    model: str
    value: float
    rank: float
    low: float
    high: float
    first: float
    at_best: int
    at_worst: int


def rank_models(
    models: Sequence[str],
    values: Floats,
    drawn: Floats,
    p_adjusted: Mapping[tuple[int, int], float],
    alpha: float,
    level: float = 0.95,
) -> tuple[Rank, ...]:
    """Ranks of models in one metric, best first.

    Two kinds of bounds: `low` to `high` are percentiles of the ranks over resamples of images, a picture
    of how the table might have come out; `at_best` to `at_worst` follow from the pairwise tests and hold
    for all models at once with the family-wise level of their p-values.

    Args:
        models: names, (k,).
        values: the metric of each, (k,), higher is better.
        drawn: its replicates, (B, k), all from the same resamples; rows with NaN are left out.
        p_adjusted: adjusted p-value of each pair (i, j), i < j.
        alpha: below which a pair counts as different.
        level: of the bootstrap interval.

    Source:
        Goldstein and Spiegelhalter (1996) for bootstrap ranks; Mogstad, Romano, Shaikh and Wilhelm,
        "Inference for ranks" (2024), for those from simultaneous tests.
    """
    known = drawn[~np.isnan(drawn).any(axis=1)]
    ranks = np.full((1, len(models)), np.nan) if not len(known) else ranks_of(known)
    tails = 100 * np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = np.percentile(ranks, tails, axis=0)
    best = ranks == ranks.min(axis=1, keepdims=True)
    first = (best / np.maximum(best.sum(axis=1, keepdims=True), 1)).mean(axis=0)
    own = ranks_of(values[None])[0]
    better = _significantly_better(values, p_adjusted, alpha)
    rows = [
        Rank(
            model=model,
            value=float(values[i]),
            rank=float(own[i]),
            low=float(low[i]),
            high=float(high[i]),
            first=float(first[i]) if len(known) else float("nan"),
            at_best=1 + int(better[:, i].sum()),
            at_worst=len(models) - int(better[i].sum()),
        )
        for i, model in enumerate(models)
    ]
    return tuple(sorted(rows, key=lambda row: row.rank))


def best_set(ranks: Sequence[Rank]) -> tuple[str, ...]:
    """The models than which none is significantly better: those that may be the best, best first."""
    return tuple(row.model for row in ranks if row.at_best == 1 and not np.isnan(row.value))


def ranks_of(values: Floats) -> Floats:
    """Ranks along the last axis, 1 for the highest; values that differ by rounding alone share theirs."""
    gaps = values[..., None, :] - values[..., :, None]
    ranks = 0.5 + ((gaps > TIE) + 0.5 * (np.abs(gaps) <= TIE)).sum(axis=-1)
    return np.where(np.isnan(values), np.nan, ranks)


def _significantly_better(
    values: Floats, p_adjusted: Mapping[tuple[int, int], float], alpha: float
) -> np.ndarray:
    """[i, j]: whether model i is better than j and the pair's p is below alpha, bool (k, k)."""
    better = np.zeros((len(values), len(values)), dtype=bool)
    for (i, j), p in p_adjusted.items():
        if p < alpha:
            better[i, j], better[j, i] = values[i] > values[j], values[j] > values[i]
    return better
