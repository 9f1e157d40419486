"""Whether a ledger holds together: ids, values, references, and verdicts that settle what they are about."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from rebench.published.ledger import FILES, LEDGER, Ledger
from rebench.published.schema import SPLITS, Correction, Result

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
SETTLED = ("value", "split-label")
"""Kinds of conflict whose verdict says which of several numbers is right."""


def check(folder: str | Path = LEDGER) -> tuple[Ledger, list[str]]:
    """The ledger in a folder and everything that is wrong with it, a line each.

    Raises:
        RebenchError: there is no ledger.
    """
    ledger, problems = Ledger.parse(folder)
    rules = (_ids, _papers, _results, _efficiency, _precision, _references, _corrections)
    for rule in rules:
        problems += rule(ledger)
    if not problems:  # what stands on all of the above
        for later in (_labels, _disagreements, _settled):
            problems += later(ledger)
    return ledger, problems


def _rows(ledger: Ledger) -> Iterator[Any]:
    for name in FILES:
        yield from (row for row in getattr(ledger, name) if hasattr(row, "id"))


def _ids(ledger: Ledger) -> Iterator[str]:
    for name, count in Counter(row.id for row in _rows(ledger)).items():
        if count > 1:
            yield f"{name}: {count} rows have this id"
    for kind, rows in (("t", ledger.results), ("e", ledger.efficiency)):
        for row in rows:
            if not row.id.startswith(begin := f"{row.paper}-{kind}{row.table}-"):
                yield f"{row.id}: the id of this row begins with {begin}"


def _papers(ledger: Ledger) -> Iterator[str]:
    known = {paper.id for paper in ledger.papers}
    if not known:
        return
    for row in (*_rows(ledger), *ledger.unstated):
        if (paper := getattr(row, "paper", None)) is not None and paper not in known:
            yield f"{getattr(row, 'id', 'unstated')}: papers.jsonl has no {paper!r}"


def _results(ledger: Ledger) -> Iterator[str]:
    for row in ledger.results:
        if row.split not in SPLITS.get(row.dataset, ()):
            yield f"{row.id}: no split {row.split!r} of {row.dataset!r} is known"
        yield from _number(row.id, row.printed, row.value, row.metric.endswith("_delta"))


def _efficiency(ledger: Ledger) -> Iterator[str]:
    for row in ledger.efficiency:
        found = NUMBER.match(row.printed)
        if not found or float(found[0]) != row.value or row.value <= 0:
            yield f"{row.id}: printed is {row.printed!r}, but value is {row.value:g}"
    quantities = {(row.paper, row.quantity) for row in ledger.efficiency}
    for left_open in ledger.unstated:
        if (left_open.paper, left_open.quantity) not in quantities:
            yield f"unstated: efficiency.jsonl has no {left_open.quantity!r} of {left_open.paper}"


def _number(where: str, printed: str, value: float, gain: bool) -> Iterator[str]:
    if not NUMBER.fullmatch(printed) or float(printed) != value:
        yield f"{where}: printed is {printed!r}, but value is {value:g}"
    if not (-100 if gain else 0) <= value <= 100:
        yield f"{where}: {value:g} is not in 0 to 100"


def _precision(ledger: Ledger) -> Iterator[str]:
    """Fewer masks reach a higher threshold."""
    groups: dict[tuple[str | None, ...], dict[str, Result]] = defaultdict(dict)
    for row in ledger.results:
        if row.metric.startswith("pr"):
            place = row.paper, row.table, row.row_label, row.variant, row.dataset, row.split
            groups[place][row.metric] = row
    for rows in groups.values():
        ordered = [rows[metric] for metric in sorted(rows)]
        for low, high in pairwise(ordered):
            if high.value > low.value:
                yield f"{high.id}: {high.metric} is above {low.metric} ({low.id})"


def _references(ledger: Ledger) -> Iterator[str]:
    known = {row.id for row in _rows(ledger)}
    for conflict in ledger.conflicts:
        for name in (*conflict.rows, *conflict.evidence):
            if name not in known:
                yield f"{conflict.id}: there is no {name}"


def _corrections(ledger: Ledger) -> Iterator[str]:
    results = {row.id: row for row in ledger.results}
    seen = set[tuple[str, str]]()
    for correction in ledger.corrections:
        where = f"correction by {correction.conflict}"
        conflict = ledger.conflict.get(correction.conflict)
        if conflict is None:
            yield f"{where}: there is no such conflict"
        for name in correction.rows:
            if conflict and name not in conflict.rows:
                yield f"{where}: {name} is not among the rows of {correction.conflict}"
            if name not in results:
                yield f"{where}: there is no result {name}"
            else:
                yield from _correction(where, correction, results[name])
            if (name, correction.field) in seen:
                yield f"{where}: {correction.field} of {name} is corrected twice"
            seen.add((name, correction.field))


def _correction(where: str, correction: Correction, row: Result) -> Iterator[str]:
    stands = row.printed if correction.field == "value" else getattr(row, correction.field)
    if stands != correction.printed:
        yield f"{where}: {row.id} has {stands!r}, not {correction.printed!r}"
    if correction.field == "split" and correction.corrected not in SPLITS.get(row.dataset, ()):
        yield f"{where}: no split {correction.corrected!r} of {row.dataset!r} is known"
    if correction.field == "value":
        if NUMBER.fullmatch(correction.corrected):
            value = float(correction.corrected)
            yield from _number(where, correction.corrected, value, row.metric.endswith("_delta"))
        else:
            yield f"{where}: {correction.corrected!r} is no plain number"


def _labels(ledger: Ledger) -> Iterator[str]:
    """A verdict about a metric needs a conflict that gives its reason."""
    for row in ledger.results:
        kinds = {conflict.kind for conflict in ledger.conflicts_of.get(row.id, ())}
        if row.likely_metric != row.metric and "metric-label" not in kinds:
            yield f"{row.id}: no conflict says why {row.metric} is likely {row.likely_metric}"


def _disagreements(ledger: Ledger) -> Iterator[str]:
    """Tables that disagree need a conflict: two values of one number, or one value as two metrics."""
    values, labels = defaultdict(list), defaultdict(list)
    for row in ledger.results:
        if row.metric in ("oiou", "miou"):
            place = row.model, row.dataset, row.split
            values[(*place, row.variant, row.training, row.metric)].append(row)
            labels[(*place, row.value)].append(row)
    for rows in values.values():
        if len({row.value for row in rows}) > 1:
            for row in rows:
                if row.id not in ledger.conflicts_of:
                    yield f"{row.id}: another table has another value, and no conflict is about it"
    for rows in labels.values():
        if len({row.metric for row in rows}) > 1 and len({row.paper for row in rows}) > 1:
            for row in rows:
                if row.id not in ledger.conflicts_of:
                    yield f"{row.id}: another paper calls it another metric, and no conflict is about it"


def _settled(ledger: Ledger) -> Iterator[str]:
    """After the corrections of a verdict, the numbers that it is about agree; unless it is an open one."""
    results = {row.id: row for row in ledger.results}
    for conflict in ledger.conflicts:
        if conflict.kind not in SETTLED or conflict.confidence.startswith("low"):
            continue
        groups = defaultdict(set)
        for row in map(ledger.corrected, (results[name] for name in conflict.rows if name in results)):
            key = row.model, row.variant, row.training, row.dataset, row.split, row.likely_metric
            groups[key].add(row.value)
        for (model, _, _, dataset, split, metric), found in groups.items():
            if len(found) > 1:
                told = " and ".join(f"{value:g}" for value in sorted(found))
                place = f"{model} on {dataset} {split}"
                yield f"{conflict.id}: {place} is still {told} {metric} after its corrections"
