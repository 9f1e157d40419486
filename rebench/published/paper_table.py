"""A paper's table from the ledger: what it printed, corrected where a verdict says so, and our runs below."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rebench.errors import RebenchError
from rebench.published import footnotes
from rebench.published.ledger import Ledger
from rebench.published.measured import MeasuredRow, Place, Verdicts, cell, judge
from rebench.published.presets import Preset
from rebench.published.schema import SPLITS, Efficiency, Result
from rebench.report.table import Cell, Column, Panel, Row, Table

DATASETS = {
    "refcoco": "RefCOCO",
    "refcoco+": "RefCOCO+",
    "refcocog": "RefCOCOg",
    "arefcoco": "aRefCOCO",
    "phrasecut": "PhraseCut",
    "grefcoco": "gRefCOCO",
}
METRICS = {"oiou": "oIoU", "miou": "mIoU", "oiou_delta": "change in oIoU", "disputed": "IoU (disputed)"}
METRICS |= {f"pr{at}": f"Pr@{at}" for at in range(50, 100, 10)}

PUBLISHED, MEASURED = "As published", "Measured with rebench"

WORDS = {
    "row_label": "Method",
    "backbone": "Backbone",
    "text_encoder": "Text encoder",
    "training": "Training",
}
"""Columns of words, by the field of the ledger."""


@dataclass
class _Line:
    """A row of the paper's table: the first of its results, its words, and its numbers by place."""

    first: Result | Efficiency
    words: dict[str, Cell]
    numbers: dict[Place, Cell] = field(default_factory=dict)


def paper_table(preset: Preset, ledger: Ledger, runs: Sequence[MeasuredRow] = ()) -> Table:
    """The table, with the runs as rows of their own below what was published.

    A number stands in the column of the metric that it likely is, on the split that it is of. Among published
    numbers none is marked as best; among runs those that tests tell apart.

    Raises:
        RebenchError: the ledger has nothing of this table, the table has no column for a run, or runs that
            cannot be compared.
    """
    panels = _panels(preset, ledger)
    lines = [line for group in panels for line in group]
    if not lines:
        raise RebenchError(f"the ledger has no rows of {preset.paper}, Table {preset.table}")
    places = _ordered(place for line in lines for place in line.numbers)
    words = _words_shown(lines)
    _check_places(preset, runs, places)
    verdicts = judge(runs, places)
    made = [_panel(preset, group, places, words, runs, verdicts) for group in panels]
    results = list(_of(preset, ledger.results))
    return Table(preset.name, footnotes.caption(preset, ledger, results, runs, verdicts), tuple(made))


def _of(preset: Preset, rows: Iterable[Result]) -> Iterator[Result]:
    return (row for row in rows if (row.paper, row.table) == (preset.paper, preset.table))


def _panels(preset: Preset, ledger: Ledger) -> list[list[_Line]]:
    """The lines of every panel, in the order of the paper; panels of labels that it has itself come first."""
    panels: dict[str, dict[tuple[object, ...], _Line]] = {}
    own: dict[str, int] = {}
    for number, row in enumerate(_of(preset, ledger.results)):
        now, relabelled = ledger.corrected(row), row.metric != row.likely_metric
        panel = {"metric": now.likely_metric, "dataset": now.dataset}.get(preset.by, "")
        if not relabelled:
            own.setdefault(panel, number)
        place = Place(now.likely_metric, now.dataset, now.split)
        line = _line(panels.setdefault(panel, {}), row, place, relabelled and preset.by == "metric", ledger)
        notes = footnotes.of_result(row, now, ledger)
        line.numbers[place] = Cell(now.printed, now.value, notes=notes, source=row.id)
    ordered = [panels[name] for name in sorted(panels, key=lambda name: own.get(name, math.inf))]
    groups = [list(map(_lifted, lines.values())) for lines in ordered]
    return _with_costs(preset, ledger, groups)


def _line(
    lines: dict[tuple[object, ...], _Line], row: Result, place: Place, apart: bool, ledger: Ledger
) -> _Line:
    """The line that a result belongs to: that of its label, or another where its place is taken."""
    label = row.row_label, row.variant, row.backbone, row.text_encoder, row.training, apart
    number = 0
    while (number, *label) in lines and place in lines[number, *label].numbers:
        number += 1
    if (number, *label) not in lines:
        lines[number, *label] = _Line(row, _words(row, ledger))
    return lines[number, *label]


def _words(row: Result, ledger: Ledger) -> dict[str, Cell]:
    """The words of a line, corrected."""
    now = ledger.corrected(row)
    cells = {}
    for name in WORDS:
        text, notes = getattr(now, name) or "", footnotes.of_words(row, name, ledger)
        if name == "row_label" and text.startswith("{") and text.endswith("}"):
            text, notes = text[1:-1], (*notes, footnotes.OURS)
        cells[name] = Cell(text, notes=notes)
    return cells


def _lifted(line: _Line) -> _Line:
    """The line with footnotes that all its numbers share on its name instead."""
    cells = line.numbers.values()
    shared = [note for note in next(iter(cells)).notes if all(note in cell.notes for cell in cells)]
    if len(cells) == 1 or not shared:
        return line
    numbers = {
        place: replace(cell, notes=tuple(note for note in cell.notes if note not in shared))
        for place, cell in line.numbers.items()
    }
    name = line.words["row_label"]
    named = replace(name, notes=(*name.notes, *shared))
    return _Line(line.first, line.words | {"row_label": named}, numbers)


def _with_costs(preset: Preset, ledger: Ledger, groups: list[list[_Line]]) -> list[list[_Line]]:
    """The lines with what the same table prints of costs, which may be all that it prints."""
    costs = [row for row in ledger.efficiency if (row.paper, row.table) == (preset.paper, preset.table)]
    if not groups:
        first = {row.row_label: row for row in reversed(costs)}
        groups = [[_Line(row, {"row_label": Cell(name)}) for name, row in reversed(first.items())]]
    for line in (line for group in groups for line in group):
        for row in costs:
            if row.row_label == line.first.row_label:
                notes = footnotes.of_efficiency(row, ledger)
                line.numbers[_cost(row)] = Cell(row.printed, row.value, notes=notes, source=row.id)
    return groups


def _cost(row: Efficiency) -> Place:
    named = row.quantity if row.quantity.startswith(row.unit) else f"{row.quantity} ({row.unit})"
    return Place(named)


def _ordered(places: Iterable[Place]) -> list[Place]:
    """Data sets and metrics in the order of the paper, splits in that of all papers, costs last."""
    found = list(dict.fromkeys(places))
    datasets, metrics = (
        [*dict.fromkeys(part)] for part in ([p.dataset for p in found], [p.metric for p in found])
    )

    def key(place: Place) -> tuple[bool, int, int, str, int]:
        splits, metric = SPLITS.get(place.dataset, ()), place.metric
        split = splits.index(place.split) if place.split in splits else len(splits)
        precision = metric if metric.startswith("pr") and place.dataset else ""
        at = 0 if precision else metrics.index(metric)
        return not place.dataset, datasets.index(place.dataset), split, precision, at

    return sorted(found, key=key)


def _words_shown(lines: Sequence[_Line]) -> list[str]:
    """The name; what most lines state; training where it differs."""
    stated = Counter(name for line in lines for name, cell in line.words.items() if cell.text)
    trainings = {line.words["training"].text for line in lines if "training" in line.words}
    often = [name for name in ("backbone", "text_encoder") if 2 * stated[name] > len(lines)]
    return ["row_label", *often, *(["training"] if len(trainings) > 1 else [])]


def _check_places(preset: Preset, runs: Sequence[MeasuredRow], places: Sequence[Place]) -> None:
    """Raises RebenchError for a run that would stand nowhere."""
    for row in runs:
        for split, run in row.runs.items():
            if not any(split == (p.dataset, p.split) and cell(row, p, 1) for p in places):
                there = dict.fromkeys(f"{p.dataset} {p.split}" for p in places if p.dataset)
                raise RebenchError(
                    f"{preset.name} has no column for {row.name} on {run.record.split.name}:"
                    f" it has {', '.join(there) or 'costs only, see `rebench profile`'}"
                )


def _panel(
    preset: Preset,
    lines: Sequence[_Line],
    every: Sequence[Place],
    words: Sequence[str],
    runs: Sequence[MeasuredRow],
    verdicts: Verdicts,
) -> Panel:
    places = [place for place in every if any(place in line.numbers for line in lines)]
    headers = [_header(place, preset) for place in places]
    blank = ("",) * (max(map(len, headers)) - 1)
    columns = [Column((*blank, WORDS[name]), numeric=False) for name in words]
    columns += [Column((*blank, *header)[-len(blank) - 1 :]) for header in headers]
    rows = [
        Row((*names, *(line.numbers.get(place, Cell()) for place in places)), PUBLISHED)
        for line, names in zip(lines, _names(lines, words), strict=True)
    ]
    decimals = {place: _decimals(lines, place) for place in places}
    for run in runs:
        cells = [cell(run, p, decimals[p], verdicts.marks.get((run.name, p), "")) for p in places]
        if any(cells):
            others = [Cell() for _ in words[1:]]
            rows.append(Row((Cell(run.name), *others, *(one or Cell() for one in cells)), MEASURED))
    return Panel(tuple(columns), tuple(rows))


def _names(lines: Sequence[_Line], words: Sequence[str]) -> Iterator[list[Cell]]:
    """The words of every line; lines that these do not tell apart also say their variant."""
    shown = [tuple(line.words.get(name, Cell()).text for name in words) for line in lines]
    variants: dict[tuple[str, ...], set[str | None]] = {}
    for texts, line in zip(shown, lines, strict=True):
        variants.setdefault(texts, set()).add(line.first.variant)
    for texts, line in zip(shown, lines, strict=True):
        cells = [line.words.get(name, Cell()) for name in words]
        if len(variants[texts]) > 1 and line.first.variant:
            cells[0] = replace(cells[0], text=f"{cells[0].text}, {line.first.variant}")
        yield cells


def _decimals(lines: Sequence[_Line], place: Place) -> int:
    """As many as the paper prints in this column."""
    texts = [line.numbers[place].text for line in lines if place in line.numbers]
    return max(len(text.partition(".")[2]) for text in texts)


def _header(place: Place, preset: Preset) -> tuple[str, ...]:
    if not place.dataset:
        return (place.metric,)
    metric, dataset = METRICS.get(place.metric, place.metric), DATASETS.get(place.dataset, place.dataset)
    return (metric, dataset, place.split) if preset.by == "metric" else (dataset, place.split, metric)
