"""Tests by exchange: whose score is whose is a coin toss per image, if there is no difference."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rebench.errors import RebenchError
from rebench.stats.intervals import TIE
from rebench.stats.sums import ClusterSums, Floats, ratio

EXACT = 14
"""Up to this many images that make a difference, all 2^14 = 16,384 exchanges are enumerated."""

SEED_OFFSET = 500
"""Added to a seed for the exchanges, so that they are independent of the resamples of the same seed."""

_BLOCK = 1 << 20
"""Coin tosses held in memory at a time."""

Pairs = Sequence[tuple[int, int]]


def generator(seed: int) -> np.random.Generator:
    """The source of the coin tosses that belongs to a seed."""
    return np.random.default_rng(seed + SEED_OFFSET)


def swap_test(a: ClusterSums, b: ClusterSums, resamples: int, rng: np.random.Generator) -> Floats:
    """Two-sided p-values of m differences of ratios, (m,); see `swap_tests`."""
    above, below = (np.stack(part) for part in ((a.above, b.above), (a.below, b.below)))
    return swap_tests(above, below, [(0, 1)], resamples, rng)[0]


def swap_tests(
    above: Floats, below: Floats, pairs: Pairs, resamples: int, rng: np.random.Generator
) -> Floats:
    """Cluster permutation tests of pairs of runs in m ratios, all with the same exchanges.

    Under the hypothesis, the scores that two models give an image are exchangeable: each exchange swaps
    the labels of A and B for all expressions of a random half of the images, and the ratios are formed
    anew. p is the share of exchanges whose absolute difference reaches the observed one: of all, where
    at most `EXACT` images differ; else (1 + hits) / (1 + resamples) over random ones.

    Args:
        above: numerators per run and cluster, (runs, C, m).
        below: denominators, of the same shape.
        pairs: which runs to compare.
        resamples: number of random exchanges; exchange r is `rng.integers(0, 2, size=(resamples, C))[r]`.
        rng: the source of chance, used only where an exact test is too large.

    Returns:
        p-values, (pairs, m); NaN where a ratio has no samples.

    Source:
        Good, Permutation, Parametric and Bootstrap Tests of Hypotheses (2005), chapter 3; the added one
        as in Phipson and Smyth, "Permutation p-values should never be zero" (2010).
    """
    values = ratio(above.sum(axis=1), below.sum(axis=1))
    observed = np.array([values[a] - values[b] for a, b in pairs])
    moves = np.array([(above[a] != above[b]) | (below[a] != below[b]) for a, b in pairs])
    few = moves.sum(axis=1) <= EXACT
    p = np.full(observed.shape, np.nan)
    if not few.all():
        p = _random(above, below, pairs, observed, resamples, rng)
    for pair, column in zip(*np.nonzero(few), strict=True):
        a, b = pairs[pair]
        some = moves[pair, :, column]
        parts = [part[[a, b], :, column] for part in (above, below)]
        p[pair, column] = _exact(parts[0], parts[1], some)
    p[np.isnan(observed)] = np.nan
    return p


def sign_flip_tests(contributions: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Two-sided p-values of q sums of cluster contributions whose signs are exchangeable, (q,).

    Args:
        contributions: what each cluster adds to each estimate under the hypothesis, (C, q), as
            `interactions.null_contributions`.
        resamples: number of random flips, shared by all sums; exact for a sum to which at most `EXACT`
            clusters contribute.
        rng: the source of chance; the flips are -1 where `rng.integers(0, 2)` is 1.

    Returns:
        p-values, NaN where a contribution is.

    Source:
        The wild cluster bootstrap with the hypothesis imposed and Rademacher weights (Cameron, Gelbach
        and Miller 2008, section III.C), applied to scores (Kline and Santos 2012).
    """
    observed = contributions.sum(axis=0)
    few = np.count_nonzero(contributions, axis=0) <= EXACT
    p = np.full(len(observed), np.nan)
    if not few.all():
        hits = np.ones(len(observed))
        for swaps in _swaps(len(contributions), resamples, rng):
            hits += _reaches((1 - 2 * swaps) @ contributions, observed).sum(axis=0)
        p = hits / (1 + resamples)
    for column in np.flatnonzero(few):
        some = contributions[contributions[:, column] != 0, column]
        p[column] = _reaches((1 - 2 * _all_swaps(len(some))) @ some, observed[column]).mean()
    p[np.isnan(observed)] = np.nan
    return p


def _random(
    above: Floats, below: Floats, pairs: Pairs, observed: Floats, resamples: int, rng: np.random.Generator
) -> Floats:
    """(1 + hits) / (1 + resamples) for every pair and ratio.

    The sums that an exchange moves between A and B follow from those of each run, so that one matrix
    product per run serves all its pairs.
    """
    runs, clusters, ratios = above.shape
    totals = above.sum(axis=1), below.sum(axis=1)
    flat = [part.transpose(1, 0, 2).reshape(clusters, runs * ratios) for part in (above, below)]
    hits = np.ones(observed.shape)
    for swaps in _swaps(clusters, resamples, rng):
        moved = [(swaps @ part).reshape(len(swaps), runs, ratios) for part in flat]
        for number, (a, b) in enumerate(pairs):
            gains = [part[:, b] - part[:, a] for part in moved]
            difference = _swapped([part[[a, b]] for part in totals], gains)
            hits[number] += _reaches(difference, observed[number]).sum(axis=0)
    return hits / (1 + resamples)


def _exact(above: Floats, below: Floats, some: NDArray[np.bool_]) -> float:
    """The share of all exchanges of the clusters `some` that reach the observed difference.

    `above` and `below` are (2, C): of A and of B.
    """
    swaps = _all_swaps(int(some.sum()))
    totals = [part.sum(axis=1) for part in (above, below)]
    gains = [swaps @ (part[1, some] - part[0, some]) for part in (above, below)]
    values = ratio(totals[0], totals[1])
    return float(_reaches(_swapped(totals, gains), values[0] - values[1]).mean())


def _swapped(totals: Sequence[Floats], gains: Sequence[Floats]) -> Floats:
    """A's ratio minus B's after A has gained from B; totals are [above, below] of (A, B)."""
    (above_a, above_b), (below_a, below_b) = totals
    return ratio(above_a + gains[0], below_a + gains[1]) - ratio(above_b - gains[0], below_b - gains[1])


def _reaches(differences: Floats, observed: Floats) -> NDArray[np.bool_]:
    """Whether a difference is at least as large as the observed one, ties included.

    A difference that cannot be formed (NaN) counts as large: rather a p too high than one too low.
    """
    size = np.abs(observed)
    return ~(np.abs(differences) < size - TIE * np.maximum(1.0, size))


def _swaps(clusters: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Random exchanges, 1 where a cluster's labels are swapped, in blocks (resamples of it, clusters)."""
    if resamples < 1:
        raise RebenchError("at least one resample is needed; 10,000 are usual")
    rows = max(1, _BLOCK // clusters)
    for start in range(0, resamples, rows):
        block = min(rows, resamples - start)
        yield rng.integers(0, 2, size=(block, clusters)).astype(np.float64)


def _all_swaps(clusters: int) -> Floats:
    """Every exchange of few clusters, (2^clusters, clusters)."""
    codes = np.arange(1 << clusters)[:, None]
    return (codes >> np.arange(clusters) & 1).astype(np.float64)
