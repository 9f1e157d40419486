"""Runs of our own as rows of a paper's table, and what tests say about them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rebench.errors import RebenchError
from rebench.report.marks import best_and_second
from rebench.report.table import Cell, Mark

if TYPE_CHECKING:
    from rebench.evaluation import Run
    from rebench.stats import Settings


class Place(NamedTuple):
    """What a number is of, in the words of the ledger; data set and split are empty for a cost."""

    metric: str
    dataset: str = ""
    split: str = ""


@dataclass(frozen=True)
class MeasuredRow:
    """A model of ours and its runs by data set and split, as the ledger calls these."""

    name: str
    runs: Mapping[tuple[str, str], "Run"]


@dataclass(frozen=True)
class Verdicts:
    """What tests say about the measured rows.

    Attributes:
        marks: by name of a row and place; where nothing is there, nothing is marked.
        tests: how many hypotheses were tested together.
        alpha: the level.
    """

    marks: Mapping[tuple[str, Place], Mark]
    tests: int
    alpha: float


def ledger_split(name: str) -> tuple[str, str]:
    """Data set and split of a split of ours: "refcocog:val-google" is ("refcocog", "val(G)")."""
    dataset, _, split = name.partition(":")
    umd = {"val": "val(U)", "test": "test(U)", "val-google": "val(G)"}
    return dataset, umd.get(split, split) if dataset == "refcocog" else split


def read_rows(given: Sequence[str | Path]) -> list[MeasuredRow]:
    """The runs in folders ("NAME=FOLDER" names one, else its model does); those of one name are one row.

    Raises:
        RebenchError: no run there, or two of one name on one split.
    """
    from rebench.comparing import model_name, name_and_folder
    from rebench.evaluation import Run

    rows: dict[str, dict[tuple[str, str], Run]] = {}
    for name, folder in map(name_and_folder, given):
        run = Run.read(folder)
        name = name or model_name(run)
        split = ledger_split(run.record.split.name)
        if split in (runs := rows.setdefault(name, {})):
            raise RebenchError(
                f"two runs of {name} on {run.record.split.name} ({runs[split].path} and {run.path}):"
                " name them apart with --run NAME=FOLDER"
            )
        runs[split] = run
    return [MeasuredRow(name, runs) for name, runs in rows.items()]


def cell(row: MeasuredRow, place: Place, decimals: int, mark: Mark = "") -> Cell | None:
    """The row's number at a place, in percent with its interval; None where it has no such run.

    A protocol that does not compute the metric leaves the cell empty.
    """
    run = row.runs.get((place.dataset, place.split))
    estimate = run.summary["overall"].get(place.metric) if run else None
    if run is None or estimate is None or estimate["value"] is None:
        return None
    value, low, high = (
        None if estimate[key] is None else 100 * estimate[key] for key in ("value", "low", "high")
    )
    interval = None if low is None or high is None else (f"{low:.{decimals}f}", f"{high:.{decimals}f}")
    return Cell(f"{value:.{decimals}f}", value, interval, mark, _notes(run), str(run.path))


def _notes(run: "Run") -> tuple[str, ...]:
    """What a reader has to know of a run that is not the usual one."""
    coverage, record = run.summary["coverage"], run.record
    notes = [] if coverage.get("whole") and not coverage["failed"] else [_coverage(run)]
    if record.model.warning:
        notes.append(f"{record.model.name}: {record.model.warning}")
    return tuple(notes)


def _coverage(run: "Run") -> str:
    coverage = run.summary["coverage"]
    failed = f", {coverage['failed']:,} failed" if coverage["failed"] else ""
    return f"{coverage['text']} of {run.record.split.name} only{failed}"


MOST = 50_000
"""Resamples of the tests of a table, at most: what is in memory at once grows with them."""


def judge(rows: Sequence[MeasuredRow], places: Iterable[Place], resamples: int | None = None) -> Verdicts:
    """Which measured numbers of a column are best and second, where paired tests tell them apart.

    Marks are those of `best_and_second`. All differences between the rows of the table are one family (Holm).

    Args:
        rows: of the table.
        places: its columns.
        resamples: of the tests; by default as many as the number of tests takes, within reason.

    Raises:
        RebenchError: runs on one split that cannot be compared: other protocols, other expressions.
    """
    from rebench.stats import Settings, family
    from rebench.stats.runs import resamples_for

    columns = {place: found for place in places if len(found := _values(rows, place)) > 1}
    tests = sum(math.comb(len(found), 2) for found in columns.values())
    settings = Settings(families="cell")
    settings = replace(settings, resamples=resamples or min(resamples_for(tests, settings.alpha), MOST))
    p: dict[str, float] = {}
    for split in dict.fromkeys((place.dataset, place.split) for place in columns):
        there = {row.name: row.runs[split] for row in rows if split in row.runs}
        metrics = [place.metric for place in columns if (place.dataset, place.split) == split]
        p |= _differences(there, split, metrics, settings)
    tested = family("the differences between measured rows", p, alpha=settings.alpha)
    told = set(tested.rejected)
    marks = {
        (name, place): mark
        for place, values in columns.items()
        for name, mark in _marks(values, place, told).items()
    }
    return Verdicts(marks, tested.size, settings.alpha)


def _values(rows: Sequence[MeasuredRow], place: Place) -> dict[str, float]:
    found = {row.name: cell(row, place, 2) for row in rows}
    return {name: one.value for name, one in found.items() if one is not None and one.value is not None}


def _hypothesis(a: str, b: str, place: Place) -> str:
    return "\0".join((*sorted((a, b)), *place))


def _differences(
    runs: Mapping[str, "Run"], split: tuple[str, str], metrics: Sequence[str], settings: "Settings"
) -> dict[str, float]:
    """p of every difference between the runs on a split, by hypothesis."""
    from rebench.comparing import compare_folders

    (first, reference), *others = runs.items()
    for name, run in others:
        if set(run.scores["sample_id"]) != set(reference.scores["sample_id"]):
            raise RebenchError(
                f"{name} and {first} have not scored the same expressions of {run.record.split.name}:"
                " finish both, or make a table of each"
            )
    names = list(runs)
    folders = [f"{number}={runs[name].path}" for number, name in enumerate(names)]
    panel = compare_folders(folders, metrics, settings).panel
    return {
        _hypothesis(names[int(d.a)], names[int(d.b)], Place(d.metric, *split)): d.p
        for d in (panel.differences if panel else ())
        if d.group == "overall"
    }


def _marks(values: Mapping[str, float], place: Place, told: set[str]) -> dict[str, Mark]:
    """Best and second by name of the row."""
    pairs = permutations(values, 2)
    better = {(a, b) for a, b in pairs if values[a] > values[b] and _hypothesis(a, b, place) in told}
    return best_and_second(values, better)
