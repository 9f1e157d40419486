"""A table as data: what it says, apart from how LaTeX, Markdown, CSV or a screen write it.

    Table: caption, notes, panels
        Panel: columns (each with a path of headings), rows (in groups)
            Cell: text, number, interval, mark, footnotes

Texts are plain: each renderer escapes them its own way (`rebench.report.escape`). A footnote is its text; the
table letters them, so that one text has one letter wherever it stands.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

SCHEMA_VERSION = 1

_INTERVALS = re.compile(r",?( with)? [\d.]+ % intervals( from resampling images| over images)?")
"""What captions say of intervals."""

Mark = Literal["", "best", "second"]
"""Emphasis; the caption says what it stands for. Several cells of a column may share one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place.

    Attributes:
        text: as shown; "" for nothing.
        value: the number that it shows, in the unit of the column; None for words.
        interval: its ends as shown.
        mark: emphasis.
        notes: its footnotes, as texts.
        source: where it comes from: id of a ledger row, path of a run.
    """

    text: str = ""
    value: float | None = None
    interval: tuple[str, str] | None = None
    mark: Mark = ""
    notes: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column under its headings.

    Attributes:
        header: from the outermost to its own; neighbours with the same beginning share it. "" is none.
        numeric: whether it holds numbers, set right.
    """

    header: tuple[str, ...]
    numeric: bool = True

    @property
    def name(self) -> str:
        """The headings in one line."""
        return " ".join(filter(None, self.header))


@dataclass(frozen=True, slots=True)
class Row:
    """A row; `group` names the block it belongs to, with the rows beside it."""

    cells: tuple[Cell, ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A heading and how many columns it stands over."""

    text: str
    width: int


@dataclass(frozen=True)
class Panel:
    """A part of a table with columns of its own. Raises ValueError if rows do not fit the columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if len({len(column.header) for column in self.columns}) > 1:
            raise ValueError("the columns of a panel have as many headings each")
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError("a row has as many cells as its panel has columns")

    @property
    def headings(self) -> list[list[Span]]:
        """Level by level, the outermost first; the last is one per column."""
        depth = len(self.columns[0].header) if self.columns else 0
        levels = []
        for level in range(depth):
            last = level == depth - 1
            shared = groupby(
                enumerate(self.columns), key=lambda c: (c[1].header[: level + 1], c[0] if last else -1)
            )
            levels.append([Span(path[-1], len(list(columns))) for (path, _), columns in shared])
        return levels

    @property
    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """Rows by their group, in order."""
        return ((group, list(rows)) for group, rows in groupby(self.rows, key=lambda row: row.group))


@dataclass(frozen=True)
class Table:
    """A whole table.

    Attributes:
        name: a short one without spaces, for labels and files.
        caption: what it shows, in sentences.
        panels: one below the other.
        notes: what holds for all of it, after the footnotes.
    """

    name: str
    caption: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def footnotes(self) -> dict[str, str]:
        """The letter of every footnote, by its text, in order of appearance."""
        cells = (cell for panel in self.panels for row in panel.rows for cell in row.cells)
        texts = dict.fromkeys(note for cell in cells for note in cell.notes)
        return {text: _letters(number) for number, text in enumerate(texts)}

    def without_intervals(self) -> "Table":
        """The same table without intervals, of which its caption does not speak either."""
        panels = tuple(
            replace(
                panel,
                rows=tuple(
                    replace(row, cells=tuple(replace(cell, interval=None) for cell in row.cells))
                    for row in panel.rows
                ),
            )
            for panel in self.panels
        )
        return replace(self, caption=_INTERVALS.sub("", self.caption), panels=panels)

    def letters(self, cell: Cell) -> str:
        """The letters of a cell's footnotes, "a,c"."""
        return ",".join(self.footnotes[note] for note in cell.notes)

    def as_dict(self) -> dict[str, Any]:
        """The table as one JSON document."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "caption": self.caption,
            "panels": [
                {
                    "columns": [{"header": list(c.header), "numeric": c.numeric} for c in panel.columns],
                    "rows": [
                        {"group": row.group, "cells": [self._cell(cell) for cell in row.cells]}
                        for row in panel.rows
                    ],
                }
                for panel in self.panels
            ],
            "footnotes": {letter: text for text, letter in self.footnotes.items()},
            "notes": list(self.notes),
        }

    def _cell(self, cell: Cell) -> dict[str, Any]:
        known = cell.value is not None and math.isfinite(cell.value)
        return {
            "text": cell.text,
            "value": cell.value if known else None,
            "interval": list(cell.interval) if cell.interval else None,
            "mark": cell.mark,
            "footnotes": [self.footnotes[note] for note in cell.notes],
            "source": cell.source,
        }


def _letters(number: int) -> str:
    """a to z, then aa, ab ..."""
    before, here = divmod(number, 26)
    return (_letters(before - 1) if before else "") + chr(ord("a") + here)
