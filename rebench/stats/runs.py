"""Many runs, groups and metrics at once: everything that a comparison of runs has to say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats import intervals
from rebench.stats.bootstrap import replicates
from rebench.stats.cells import Cells, build_cells, image_ids
from rebench.stats.comparison import Estimate
from rebench.stats.contrast import standard_error
from rebench.stats.effects import standardized, superiority
from rebench.stats.equivalence import check_margin, tost
from rebench.stats.families import CORRECTIONS, Family, family
from rebench.stats.leads import interactions_of
from rebench.stats.panel import FAMILIES, Difference, Panel, Ranking, RunEstimate, Settings
from rebench.stats.permutation import generator, swap_tests
from rebench.stats.ranking import best_set, rank_models
from rebench.stats.scores import Scores, check_same_samples
from rebench.stats.sums import ClusterSums, Floats
from rebench.stats.verdicts import judge, p_text, sentence


def compare_runs(
    runs: Mapping[str, Scores],
    clusters: ArrayLike | None = None,
    groups: Mapping[str, ArrayLike] | None = None,
    metrics: Sequence[str] = ("oiou", "miou"),
    settings: Settings | None = None,
) -> Panel:
    """Compare runs pairwise in every metric on every group, with everything adjusted for their number.

    All intervals share the drawn images and all tests the exchanges; the numbers are those of `compare`
    with the same seed, up to rounding.

    Args:
        runs: scores by name of the run, on the same samples in the same order.
        clusters: image id per sample, (n,); by default the column "image_id" of the first run.
        groups: masks, bool (n,), by name; "overall" comes first without being asked for.
        metrics: as for `compare`.
        settings: how to.

    Raises:
        RebenchError: the runs are not of the same samples, unusable scores, or unknown settings.
    """
    settings = settings or Settings()
    check_settings(settings)
    if not runs or not metrics:
        raise RebenchError("a comparison needs at least one run and one metric")
    check_same_samples(runs)
    ids = image_ids(runs) if clusters is None else np.asarray(clusters)
    cells = build_cells(runs, ids, groups or {}, metrics)
    sums = cells.flat
    drawn = replicates(sums, settings.resamples, np.random.default_rng(settings.seed))
    differences, families = _differences(cells, sums, drawn, settings)
    interactions, more = interactions_of(cells, sums, drawn, groups or {}, settings)
    every = (*families, *more)
    return Panel(
        settings,
        _estimates(cells, sums, drawn, settings),
        differences,
        _rankings(cells, sums, drawn, differences, settings),
        interactions,
        every,
        _notes(cells, every, settings),
    )


FEW_HITS = 5
"""Fewer resamples than that beyond a difference say little about its p."""


def resamples_for(tests: int, alpha: float) -> int:
    """How many resamples a family of so many tests takes, that verdicts hardly depend on the seed.

    The p that a step-wise correction has to reach, alpha / tests, is then 20 resamples as large as the
    difference seen, which chance moves by a fifth.
    """
    return max(10_000, math.ceil(20 * tests / alpha))


def check_settings(settings: Settings) -> None:
    """Raises RebenchError for a choice that does not exist or means nothing."""
    intervals.check(settings.interval, settings.level)
    check_margin(settings.margin)
    if settings.families not in FAMILIES:
        raise RebenchError(f"unknown families {settings.families!r}: use {', '.join(FAMILIES)}")
    if settings.correction not in CORRECTIONS:
        raise RebenchError(f"unknown correction {settings.correction!r}: use {', '.join(CORRECTIONS)}")
    if settings.resamples < 1:
        raise RebenchError("at least one resample is needed; 10,000 are usual")


def _estimates(cells: Cells, sums: ClusterSums, drawn: Floats, settings: Settings) -> tuple[RunEstimate, ...]:
    left = sums.leave_one_out if settings.interval == "bca" else None
    low, high = intervals.ends(settings.interval, sums.values, drawn, left, settings.level)
    values, contributions, shares = sums.values, sums.contributions, sums.shares
    found = []
    for column, (run, (group, metric)) in enumerate(
        (run, name) for run in cells.runs for name in cells.names
    ):
        images = int(shares[column])
        error = standard_error(contributions[:, column], images)
        samples = int(cells.samples[column % len(cells.names)])
        ends = float(low[column]), float(high[column])
        estimate = Estimate(metric, float(values[column]), *ends, error, samples, images)
        found.append(RunEstimate(run, group, estimate))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """The numbers of all pairs and cells, (pairs, m) each."""

    estimate: Floats
    low: Floats
    high: Floats
    p: Floats
    p_equivalence: Floats
    effect: Floats
    superiority: Floats


def _pairs(cells: Cells, sums: ClusterSums, drawn: Floats, settings: Settings) -> _Pairs:
    """Everything about the pairs that needs no other pair."""
    width = len(cells.names)
    spans = [slice(run * width, (run + 1) * width) for run in range(len(cells.runs))]
    chosen = list(combinations(range(len(cells.runs)), 2))
    rng = generator(settings.seed)
    p = swap_tests(cells.above, cells.below, chosen, settings.resamples, rng)
    values, contributions, alone = sums.values, sums.contributions, sums.cluster_values
    left = sums.leave_one_out if settings.interval == "bca" else None
    rows = []
    for i, j in chosen:
        a, b, images = spans[i], spans[j], cells.images(i, j)
        estimates = values[a] - values[b]
        pulls = (contributions[:, a] - contributions[:, b]).T
        errors = np.array([standard_error(pull, n) for pull, n in zip(pulls, images, strict=True)])
        ends = intervals.ends(
            settings.interval,
            estimates,
            drawn[:, a] - drawn[:, b],
            None if left is None else left[:, a] - left[:, b],
            settings.level,
        )
        equal = tost(estimates, errors, images, settings.margin, sums.differing(a, b))
        effect = standardized(estimates, errors, images.astype(float))
        rows.append((estimates, *ends, equal, effect, superiority(alone[:, a], alone[:, b])))
    estimate, low, high, equal, effect, won = (np.array(part) for part in zip(*rows, strict=True))
    return _Pairs(estimate, low, high, p, equal, effect, won)


def _differences(
    cells: Cells, sums: ClusterSums, drawn: Floats, settings: Settings
) -> tuple[tuple[Difference, ...], tuple[Family, ...]]:
    """All differences, judged within their families, and these families."""
    if len(cells.runs) < 2:
        return (), ()
    pairs = _pairs(cells, sums, drawn, settings)
    keys = [(a, b, group, metric) for a, b in combinations(cells.runs, 2) for group, metric in cells.names]
    families, adjusted, labels = [], [], []
    for kind, p in (("difference", pairs.p), ("equivalence", pairs.p_equivalence)):
        own, values, told = _adjusted(keys, p.ravel().tolist(), kind, settings)
        families += own
        adjusted.append(values)
        labels.append(told)
    numbers = [dict(zip(vars(pairs), row, strict=True)) for row in _rows(pairs)]
    found = tuple(
        _difference(key, number, (p, equal), (label, equal_label), settings)
        for key, number, p, equal, label, equal_label in zip(keys, numbers, *adjusted, *labels, strict=True)
    )
    return found, tuple(families)


def _rows(pairs: _Pairs) -> list[tuple[float, ...]]:
    return list(zip(*(part.ravel().tolist() for part in vars(pairs).values()), strict=True))


def _adjusted(
    keys: list[tuple[str, str, str, str]], p: list[float], kind: str, settings: Settings
) -> tuple[list[Family], list[float], list[str]]:
    """The families of one kind; per hypothesis its adjusted p and its family's label."""
    members: dict[str, dict[str, float]] = {}
    places: list[tuple[str, int]] = []
    for (a, b, group, metric), value in zip(keys, p, strict=True):
        name = FAMILIES[settings.families].format(group=group, metric=metric)
        name = name if kind == "difference" else name.replace("differences", "equivalences")
        claim = f"{a} = {b}" if kind == "difference" else f"{a} - {b} beyond ±{settings.margin:g}"
        hypothesis = f"{claim}, {metric}, {group}"
        own = members.setdefault(name, {})
        places.append((name, len(own)))
        while hypothesis in own:  # runs named like "a" and "a = b" can give one text twice
            hypothesis += " (another)"
        own[hypothesis] = value
    made = {name: family(name, ps, settings.correction, settings.alpha) for name, ps in members.items()}
    return (
        list(made.values()),
        [made[name].adjusted[place] for name, place in places],
        [made[name].label for name, _ in places],
    )


def _difference(
    key: tuple[str, str, str, str],
    numbers: dict[str, float],
    adjusted: tuple[float, float],
    labels: tuple[str, str],
    settings: Settings,
) -> Difference:
    a, b, group, metric = key
    verdict = judge(numbers["estimate"], *adjusted, settings.alpha)
    p = f"{p_text(adjusted[verdict == 'tied'])} {labels[verdict == 'tied']}"
    ends = (numbers["estimate"], numbers["low"], numbers["high"])
    return Difference(
        a=a,
        b=b,
        group=group,
        metric=metric,
        p_adjusted=adjusted[0],
        p_equivalence_adjusted=adjusted[1],
        verdict=verdict,
        family=labels[0],
        text=sentence((a, b), metric, verdict, ends, p, settings.margin, f" on {group}"),
        **numbers,
    )


def _rankings(
    cells: Cells,
    sums: ClusterSums,
    drawn: Floats,
    differences: tuple[Difference, ...],
    settings: Settings,
) -> tuple[Ranking, ...]:
    number = {run: index for index, run in enumerate(cells.runs)}
    adjusted = {(d.group, d.metric, number[d.a], number[d.b]): d.p_adjusted for d in differences}
    width = len(cells.names)
    found = []
    for cell, (group, metric) in enumerate(cells.names):
        columns = np.arange(len(cells.runs)) * width + cell
        p = {(i, j): adjusted[group, metric, i, j] for i, j in combinations(range(len(cells.runs)), 2)}
        ranks = rank_models(
            cells.runs, sums.values[columns], drawn[:, columns], p, settings.alpha, settings.level
        )
        found.append(Ranking(group, metric, ranks, best_set(ranks)))
    return tuple(found)


def _notes(cells: Cells, families: tuple[Family, ...], settings: Settings) -> tuple[str, ...]:
    notes = [
        f"{metric}: {count} samples are unknown in some run and left out for all"
        for metric, count in cells.left_out.items()
        if count
    ]
    finest = 1 / (1 + settings.resamples)
    largest = max((f.size for f in families), default=0)
    stepwise = settings.correction in ("holm", "bonferroni", "sidak", "holm-sidak", "hochberg")
    if stepwise and largest * finest > settings.alpha / FEW_HITS:
        notes.append(
            f"with {settings.resamples:,} resamples no p-value is below {finest:.2g}, too coarse for the"
            f" {settings.correction} correction over {largest}, and another seed may judge otherwise: use at"
            f" least {resamples_for(largest, settings.alpha):,}"
        )
    return tuple(notes)
