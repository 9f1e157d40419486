"""On which expressions a run is weak, as they come and like for like."""

from collections.abc import Iterator
from typing import Any

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.figures.slices import slice_figure
from rebench.report.section import Figure, Section
from rebench.report.table import Cell, Column, Panel, Row, Table

METRIC = "miou"


def slices(chapter: Chapter) -> Section | None:
    """mIoU of every slice, and its distance to the rest; None where no run has slices."""
    entries = [entry for entry in chapter.entries if "slices" in entry.summary]
    if not entries or not _values(entries[0]):
        return None
    return Section(
        "slices",
        "Slices",
        (
            "A slice against the rest of the expressions: raw, and like for like, that is among"
            " expressions that agree in group, distractors and size. Where the two disagree, the raw"
            " difference is (partly) one of composition. p is of the difference like for like, adjusted"
            " over all slices of the run.",
        ),
        figures=_figures(chapter, entries),
        more=(_scores(chapter, entries), _differences(chapter, entries)),
    )


def _values(entry: Entry) -> list[tuple[str, str, Any]]:
    """Slice, value and cell of every slice that has expressions."""
    document = entry.summary["slices"]["slices"]
    return [(name, value, cell) for name, one in document.items() for value, cell in one["values"].items()]


def _cell(entry: Entry, name: str, value: str) -> Any:
    return entry.summary["slices"]["slices"].get(name, {}).get("values", {}).get(value)


def _places(entries: list[Entry]) -> list[tuple[str, str]]:
    """All slices and values of any run, in order."""
    return list(dict.fromkeys((name, value) for entry in entries for name, value, _ in _values(entry)))


def _scores(chapter: Chapter, entries: list[Entry]) -> Table:
    columns = [Column((name,), numeric=False) for name in ("slice", "value")] + [Column(("n",))]
    columns += [Column((entry.name,)) for entry in entries]
    rows = []
    for name, value in _places(entries):
        found = [_cell(entry, name, value) for entry in entries]
        n = next(cell["n"] for cell in found if cell)
        shown = [cells.percent(cell[METRIC]) if cell else Cell() for cell in found]
        rows.append(Row((cells.words(name), cells.words(value), cells.count(n), *shown)))
    return Table(
        f"{chapter.slug}-slices",
        f"mIoU by slice on {chapter.title}: percent with 95 % intervals from resampling images. Not tested:"
        " nothing is marked.",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _differences(chapter: Chapter, entries: list[Entry]) -> Table:
    words = ("model", "slice", "value")
    columns = [Column((name,), numeric=False) for name in words]
    columns += [Column((name,)) for name in ("n", "raw", "like for like", "p adj.", "covered")]
    rows = tuple(Row(tuple(_row(entry, *place))) for entry in entries for place in _values(entry))
    return Table(
        f"{chapter.slug}-slices-differences",
        f"mIoU of a slice less that of the rest on {chapter.title}: points with 95 % intervals, images as"
        " units. Covered: percent of the slice that has a counterpart in the rest. Bold: shown to differ"
        " like for like (Holm over all slices of the run).",
        (Panel(tuple(columns), rows),),
    )


def _row(entry: Entry, name: str, value: str, cell: Any) -> Iterator[Cell]:
    yield from (cells.words(entry.name), cells.words(name), cells.words(value), cells.count(cell["n"]))
    difference = cell["difference"][METRIC]
    p = difference["p_adjusted"]
    yield _lead(difference["raw"], False)
    yield _lead(difference["standardised"], p is not None and p < 0.05)
    yield cells.p_value(p)
    yield cells.share(difference["covered"])


def _lead(estimate: Any, shown: bool) -> Cell:
    value, low, high = (
        float("nan") if estimate[k] is None else estimate[k] for k in ("value", "low", "high")
    )
    return cells.lead(value, low, high, "best" if shown else "")


def _figures(chapter: Chapter, entries: list[Entry]) -> tuple[Figure, ...]:
    """One, where anything can be compared."""
    differences = {
        entry.name: {(name, value): cell["difference"][METRIC] for name, value, cell in _values(entry)}
        for entry in entries
    }
    known = {
        place
        for found in differences.values()
        for place, one in found.items()
        if one["standardised"]["value"] is not None
    }
    places = [place for place in _places(entries) if place in known]
    if not places:
        return ()
    figure = Figure(
        f"{chapter.slug}-slices",
        f"mIoU of a slice less that of the rest on {chapter.title}, in points with 95 % intervals."
        " Filled: like for like, as a triangle where shown to differ (Holm over all slices of the run);"
        " hollow: raw. The widest intervals are cut."
        f"{' Only as many runs as there is room for; the tables have all.' if len(entries) > 2 else ''}",
        lambda style: slice_figure(places, differences, style),
    )
    return (figure,)
