"""A table on a screen; side by side what fits, the rest below, and no number cut."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebench.report.escape import plain
from rebench.report.table import Panel, Table

if TYPE_CHECKING:
    from rich.console import RenderableType

_NAMES = 34
"""Characters that columns of words get at most before they are folded."""


def rich_table(table: Table, width: int = 120) -> Iterator["RenderableType"]:
    """What to print, one thing after the other.

    Args:
        table: the table.
        width: of the screen, in characters.
    """
    from rich.text import Text

    yield Text(plain(table.caption), style="bold")
    for panel in table.panels:
        for places in _beside(panel, table, width):
            yield _part(panel, places, table)
    for text, letter in table.footnotes.items():
        yield Text(f"{letter}  {plain(text)}", style="dim")
    for note in table.notes:
        yield Text(plain(note), style="dim")


def _beside(panel: Panel, table: Table, width: int) -> Iterator[list[int]]:
    """The columns of each part: those of words, and as many others as fit."""
    words = [place for place, column in enumerate(panel.columns) if not column.numeric]
    numbers = [place for place, column in enumerate(panel.columns) if column.numeric]
    room = width - sum(min(_NAMES, _width(panel, table, place)) + 1 for place in words)
    part, used = list[int](), 0
    for place in numbers:
        needed = _width(panel, table, place) + 1
        if part and used + needed > room:
            yield words + part
            part, used = [], 0
        part.append(place)
        used += needed
    yield words + part


def _width(panel: Panel, table: Table, place: int) -> int:
    from rich.cells import cell_len

    return max(cell_len(line) for text in _texts(panel, table, place) for line in text.split("\n"))


def _part(panel: Panel, places: list[int], table: Table) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    columns = [_texts(panel, table, place) for place in places]
    for place, texts in zip(places, columns, strict=True):
        numeric = panel.columns[place].numeric
        shown.add_column(
            Text(texts[0]), no_wrap=numeric, overflow="fold", max_width=None if numeric else _NAMES
        )
    group = panel.rows[0].group if panel.rows else ""
    for row, *texts in zip(panel.rows, *(column[1:] for column in columns), strict=True):
        if row.group != group:
            group = row.group
            shown.add_section()
            shown.add_row(Text(plain(group), style="italic"))
        styles = [_STYLES[row.cells[place].mark] for place in places]
        shown.add_row(*(Text(text, style=style) for text, style in zip(texts, styles, strict=True)))
    return shown


def _texts(panel: Panel, table: Table, place: int) -> list[str]:
    """The heading and the cells of a column; numbers are set right here, with their letters beyond."""
    column, cells = panel.columns[place], [row.cells[place] for row in panel.rows]
    heading = [plain(text) for text in column.header]
    letters = [f" ({told})" if (told := table.letters(cell)) else "" for cell in cells]
    if not column.numeric:
        named = [plain(cell.text) + letter for cell, letter in zip(cells, letters, strict=True)]
        return ["\n".join(heading), *named]
    beyond = max(map(len, letters), default=0)
    bodies = [
        [(plain(cell.text) or "–") + letter.ljust(beyond)]
        + (["[{}, {}]".format(*cell.interval) + " " * beyond] if cell.interval else [])
        for cell, letter in zip(cells, letters, strict=True)
    ]
    width = max(len(line) for lines in (heading, *bodies) for line in lines)
    return ["\n".join(line.rjust(width) for line in lines) for lines in (heading, *bodies)]


_STYLES = {"best": "bold", "second": "underline", "": ""}
