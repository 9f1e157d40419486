"""The changes of leads in a panel: from its cells and replicates, all tested with the same sign flips."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats.cells import Cells
from rebench.stats.contrast import LEAD_CHANGE, Contrast
from rebench.stats.families import Family, family
from rebench.stats.interactions import LeadChange, as_lead_change, null_contributions
from rebench.stats.panel import Interaction, Settings
from rebench.stats.permutation import generator, sign_flip_tests
from rebench.stats.sums import ClusterSums, Floats
from rebench.stats.verdicts import lead_sentence, p_text


def interactions_of(
    cells: Cells, sums: ClusterSums, drawn: Floats, groups: Mapping[str, ArrayLike], settings: Settings
) -> tuple[tuple[Interaction, ...], tuple[Family, ...]]:
    """The changes of leads that the settings ask for, and their family.

    Args:
        cells: every metric of every group of every run.
        sums: `cells.flat`.
        drawn: its replicates, (B, R m).
        groups: masks by name, as the cells were made with.
        settings: which groups, and how.

    Raises:
        RebenchError: a group is missing, or two of them share samples.
    """
    for first, second in settings.interactions:
        _check_apart(groups, first, second)
    metrics = dict.fromkeys(metric for _, metric in cells.names)
    keys = [
        (pair, metric, places)
        for pair in combinations(range(len(cells.runs)), 2)
        for metric in metrics
        for places in settings.interactions
    ]
    if not keys:
        return (), ()
    changes, ends = [], []
    for pair, metric, places in keys:
        columns = [cells.column(run, group, metric) for group in places for run in pair]
        samples = sum(int(cells.samples[cells.names.index((group, metric))]) for group in places)
        own = ClusterSums(sums.above[:, columns], sums.below[:, columns])
        change = Contrast(own, np.array(LEAD_CHANGE), samples)
        changes.append(change)
        ends.append(change.interval(drawn[:, columns] @ change.weights, settings.interval, settings.level))
    pulls = np.column_stack([null_contributions(change) for change in changes])
    p = sign_flip_tests(pulls, settings.resamples, generator(settings.seed)).tolist()
    names = [(cells.runs[a], cells.runs[b], metric, places) for (a, b), metric, places in keys]
    claims = [f"lead of {a} over {b} in {metric}: {i} = {j}" for a, b, metric, (i, j) in names]
    family_of = family(
        "the changes of a lead between groups",
        dict(zip(claims, p, strict=True)),
        settings.correction,
        settings.alpha,
    )
    results = [as_lead_change(*row) for row in zip(changes, ends, p, strict=True)]
    rows = zip(names, results, family_of.adjusted, strict=True)
    return tuple(_interaction(name, result, q, family_of) for name, result, q in rows), (family_of,)


def _interaction(
    name: tuple[str, str, str, tuple[str, str]], change: LeadChange, p: float, judged: Family
) -> Interaction:
    a, b, metric, groups = name
    leads, ends = (change.lead_first, change.lead_second), (change.estimate, change.low, change.high)
    text = lead_sentence((a, b), metric, groups, leads, ends, f"{p_text(p)} {judged.label}")
    return Interaction(a, b, metric, groups, change, p, judged.label, text)


def _check_apart(groups: Mapping[str, ArrayLike], first: str, second: str) -> None:
    """Raises RebenchError unless both groups are there and share no sample."""
    for group in (first, second):
        if group not in groups:
            raise RebenchError(f"no group {group!r} to compare leads on: have {', '.join(groups) or 'none'}")
    if np.any(np.asarray(groups[first]) & np.asarray(groups[second])):
        raise RebenchError(f"groups {first!r} and {second!r} share samples: compare leads on groups apart")
