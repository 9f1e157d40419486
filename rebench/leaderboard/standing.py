"""Who stands where: live entries with the ranks that their intervals allow."""

from collections.abc import Sequence
from dataclasses import dataclass

from rebench.leaderboard.schema import Entry, Estimate, Facts


@dataclass(frozen=True)
class Standing:
    """An entry among the others.

    Attributes:
        entry: the entry.
        value: its primary metric; None where it has none.
        best: the best rank that its interval allows: 1 and how many entries are surely above it.
        worst: the worst one: as many entries as there are, less those surely below it. None without interval.
    """

    entry: Entry
    value: Estimate | None
    best: int | None
    worst: int | None


def live(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that none supersedes."""
    gone = {entry.supersedes for entry in entries}
    return [entry for entry in entries if entry.number not in gone]


def standings(entries: Sequence[Entry], metric: str) -> list[Standing]:
    """The live entries, highest value first; those without a value last."""
    current = live(entries)
    values = [estimate_of(entry, metric) for entry in current]
    ranked = [value for value in values if value is not None]
    rows = [
        Standing(entry, value, *(rank_range(value, ranked) if value else (None, None)))
        for entry, value in zip(current, values, strict=True)
    ]
    return sorted(rows, key=lambda row: (-_value(row.value), row.entry.number))


def rank_range(own: Estimate, all_of_them: Sequence[Estimate]) -> tuple[int | None, int | None]:
    """The best and the worst rank among those with intervals: below an entry only where the intervals part.

    Intervals that overlap leave the order open, also where a paired test would settle it: the range is wider
    than need be, never narrower.
    """
    if own.low is None or own.high is None:
        return None, None
    others = [
        (other.low, other.high) for other in all_of_them if other.low is not None and other.high is not None
    ]
    above = sum(low > own.high for low, _ in others)
    below = sum(high < own.low for _, high in others)
    return 1 + above, len(others) - below


def estimate_of(entry: Facts, metric: str) -> Estimate | None:
    """A metric over all expressions, None where the entry has no value."""
    for name, estimate in entry.scores.overall.metrics.items():
        if name == metric and estimate.value is not None:
            return estimate
    return None


def _value(estimate: Estimate | None) -> float:
    return -1.0 if estimate is None or estimate.value is None else estimate.value
