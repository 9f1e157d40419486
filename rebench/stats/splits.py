"""Many models on many splits: Friedman's test, and post hoc Nemenyi and Conover with critical differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats.families import adjust
from rebench.stats.sums import Floats


@dataclass(frozen=True, eq=False)
class Friedman:
    """Do the models rank alike on all splits?

    Attributes:
        mean_ranks: of each model, (k,); rank 1 is best, ties share the mean of their ranks.
        splits: how many splits, n.
        chi2: Friedman's statistic, corrected for ties; k - 1 degrees of freedom.
        p: its p-value.
        chi2_uncorrected: the same without regard to ties.
        f: Iman and Davenport's F, which is less conservative; (k - 1, (k - 1)(n - 1)) degrees of freedom.
        f_p: its p-value.
    """

    mean_ranks: Floats
    splits: int
    chi2: float
    p: float
    chi2_uncorrected: float
    f: float
    f_p: float


def friedman(scores: ArrayLike) -> Friedman:
    """Friedman's test of k models on n splits, which should be independent (no images in common).

    Args:
        scores: (n, k), rows are splits, higher is better.

    Raises:
        RebenchError: fewer than three models or two splits, or a value that is not finite.

    Source:
        Friedman (1937) by `scipy.stats.friedmanchisquare`; Iman and Davenport (1980); Demsar, "Statistical
        comparisons of classifiers over multiple data sets" (2006), section 3.2.2.
    """
    from scipy.stats import f, friedmanchisquare

    table = _table(scores, models=3)
    splits, models = table.shape
    ranks = split_ranks(table)
    mean_ranks = ranks.mean(axis=0)
    plain = 12 * splits / (models * (models + 1)) * ((mean_ranks - (models + 1) / 2) ** 2).sum()
    if np.ptp(table, axis=1).max() == 0:  # every split is one tie
        return Friedman(mean_ranks, splits, 0.0, 1.0, float(plain), 0.0, 1.0)
    chi2, p = friedmanchisquare(*table.T)
    rest = splits * (models - 1) - chi2
    statistic = (splits - 1) * chi2 / rest if rest > 0 else np.inf
    f_p = f.sf(statistic, models - 1, (models - 1) * (splits - 1))
    return Friedman(mean_ranks, splits, float(chi2), float(p), float(plain), float(statistic), float(f_p))


def critical_difference(models: int, splits: int, alpha: float = 0.05) -> float:
    """The difference of mean ranks from which on two models differ by Nemenyi's test.

    Source: Demsar (2006), section 3.2.2; studentised range over sqrt(2), infinite degrees of freedom.
    """
    from scipy.stats import studentized_range

    if models < 2 or splits < 1 or not 0 < alpha < 1:
        raise RebenchError("a critical difference needs two models, one split and an alpha between 0 and 1")
    q = studentized_range.isf(alpha, models, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(models * (models + 1) / (6 * splits)))


def nemenyi(scores: ArrayLike) -> Floats:
    """p-values of all pairs of models, (k, k), adjusted for their number by construction.

    Args:
        scores: (n, k), rows are splits, higher is better.

    Source: Nemenyi (1963), as in Demsar (2006), section 3.2.2.
    """
    from scipy.stats import studentized_range

    table = _table(scores, models=2)
    splits, models = table.shape
    ranks = split_ranks(table).mean(axis=0)
    gaps = np.abs(ranks[:, None] - ranks) / np.sqrt(models * (models + 1) / (6 * splits))
    p = np.ones((models, models))
    for i, j in zip(*np.triu_indices(models, 1), strict=True):
        p[i, j] = p[j, i] = studentized_range.sf(gaps[i, j] * np.sqrt(2), models, np.inf)
    return p


def conover(scores: ArrayLike, correction: str = "holm") -> Floats:
    """p-values of all pairs of models, (k, k): t-tests on rank sums, stronger than Nemenyi's.

    Args:
        scores: (n, k), rows are splits, higher is better.
        correction: for the number of pairs, a key of `families.CORRECTIONS`.

    Source: Conover, Practical Nonparametric Statistics (1999), section 5.8, equation 6.
    """
    from scipy.stats import t

    table = _table(scores, models=2)
    splits, models = table.shape
    ranks = split_ranks(table)
    sums = ranks.sum(axis=0)
    squares, middle = (ranks**2).sum(), splits * models * (models + 1) ** 2 / 4
    freedom = (splits - 1) * (models - 1)
    error = np.sqrt(max(2 * (splits * squares - (sums**2).sum()) / freedom, 0.0))
    i, j = np.triu_indices(models, 1)
    gaps = np.abs(sums[i] - sums[j])
    if squares == middle:  # nothing but ties
        pairs = np.ones(len(gaps))
    elif error == 0:  # all splits rank alike
        pairs = np.where(gaps > 0, 0.0, 1.0)
    else:
        pairs = 2 * t.sf(gaps / error, freedom)
    p = np.ones((models, models))
    p[i, j] = p[j, i] = adjust(pairs, correction)
    return p


def split_ranks(scores: ArrayLike) -> Floats:
    """The ranks of the models on each split, (n, k); 1 is best, ties share the mean of their ranks."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(-np.asarray(scores, dtype=np.float64), axis=1))


def _table(scores: ArrayLike, models: int) -> Floats:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < models:
        raise RebenchError(
            f"scores of shape {table.shape}: give at least 2 splits (rows) and {models} models (columns)"
        )
    if not np.isfinite(table).all():
        raise RebenchError("a model has no finite score on one of the splits: leave the split or model out")
    return table
