"""Was the right instance meant, and what became of the other expressions?"""

from collections.abc import Iterator
from typing import Any

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.figures.outcomes import outcome_bars
from rebench.report.labels import OUTCOMES, group_label
from rebench.report.section import Figure, Section
from rebench.report.table import Cell, Column, Panel, Row, Table


def identity(chapter: Chapter) -> Section | None:
    """Rates and outcomes by group; None where no run has them."""
    entries = [entry for entry in chapter.entries if "identity" in entry.summary]
    if not entries:
        return None
    return Section(
        "identity",
        "The right instance",
        (
            "Whether the mask is that of the referent, however well it is drawn: over expressions of pictures"
            " with at least two instances of the referent's category. Chance is the rate of somebody who"
            " picks one of them blindly. Outcomes are over all expressions.",
        ),
        figures=(_figure(chapter, entries),),
        tables=(_rates(chapter, entries),),
        more=(_outcomes(chapter, entries),),
    )


def _cell(entry: Entry, group: str) -> Any:
    section = entry.summary["identity"]
    return section["overall"] if group == "overall" else section["groups"].get(group, {})


def _rates(chapter: Chapter, entries: list[Entry]) -> Table:
    columns = [Column(("", "model"), numeric=False)]
    columns += [Column(("right instance", group_label(group))) for group in chapter.groups]
    columns.append(Column(("IoU where right", "overall")))
    rows = [
        Row(
            (
                cells.words(entry.name),
                *(cells.percent(_cell(entry, group).get("accuracy")) for group in chapter.groups),
                cells.percent(_cell(entry, "overall")["iou_given_right"]),
            ),
            "models",
        )
        for entry in entries
    ]
    chance = [
        cells.share(_cell(entries[0], group).get("chance", {}).get("value")) for group in chapter.groups
    ]
    rows.append(Row((cells.words("chance"), *chance, Cell()), "chance"))
    n = _cell(entries[0], "overall")["contested"]["n"]
    return Table(
        f"{chapter.slug}-identity",
        f"Identity accuracy on {chapter.title}: how often the right instance was meant, in percent with 95 %"
        f" intervals from resampling images, over {n:,} expressions with a choice. Not tested here:"
        " nothing is marked.",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _outcomes(chapter: Chapter, entries: list[Entry]) -> Table:
    shown = _shown(chapter, entries)
    columns = [Column(("group",), numeric=False), Column(("model",), numeric=False), Column(("n",))]
    columns += [Column((OUTCOMES[name],)) for name in shown]
    rows = [Row(tuple(_row(entry, group, shown))) for group in chapter.groups for entry in entries]
    return Table(
        f"{chapter.slug}-outcomes",
        f"What became of the expressions of {chapter.title}, in percent of each group.",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _row(entry: Entry, group: str, shown: list[str]) -> Iterator[Cell]:
    cell = _cell(entry, group)
    yield from (cells.words(group_label(group)), cells.words(entry.name), cells.count(cell.get("n")))
    for name in shown:
        yield cells.percent(cell.get("outcomes", {}).get(name, {}).get("share"))


def _shown(chapter: Chapter, entries: list[Entry]) -> list[str]:
    return [
        name
        for name in OUTCOMES
        if any(
            _cell(e, g).get("outcomes", {}).get(name, {}).get("n") for e in entries for g in chapter.groups
        )
    ]


def _figure(chapter: Chapter, entries: list[Entry]) -> Figure:
    names = _shown(chapter, entries)
    shares = {
        group_label(group): {
            entry.name: [_share(_cell(entry, group).get("outcomes", {}), name) for name in names]
            for entry in entries
        }
        for group in chapter.groups
    }
    return Figure(
        f"{chapter.slug}-outcomes",
        f"What became of the expressions of {chapter.title}, by group, in percent.",
        lambda style: outcome_bars(shares, names, style),
    )


def _share(outcomes: Any, name: str) -> float:
    return float(outcomes.get(name, {}).get("share", {}).get("value") or 0.0)
