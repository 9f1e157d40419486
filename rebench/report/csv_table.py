"""A table as CSV: one header, one line per row, numbers alone in their cells."""

import csv
import io

from rebench.report import escape
from rebench.report.table import Row, Table

GROUP, NOTES = "group", "notes"


def csv_table(table: Table) -> str:
    """All panels below each other, with line ends as RFC 4180 has them.

    The columns are "group", those of the panels by their headings ("oIoU RefCOCO val"; a panel that does not
    have one leaves it empty), each followed by "<name> low", "<name> high" and "<name> mark" where any row
    needs them, and "notes": the row's footnotes as "<column>: <text>".
    """
    lines = [_line(row, names) for row, names in _rows(table)]
    used = set().union(*lines)
    columns = dict.fromkeys(name for _, names in _rows(table) for name in names)
    parts = [part for name in columns for part in _parts(name) if part in used or part == name]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    header = [GROUP, *parts, NOTES]
    writer.writerow(map(escape.csv, header))
    writer.writerows([escape.csv(line.get(name, "")) for name in header] for line in lines)
    return out.getvalue()


def _rows(table: Table) -> list[tuple[Row, list[str]]]:
    """Every row with the names of its panel's columns."""
    return [(row, [c.name for c in panel.columns]) for panel in table.panels for row in panel.rows]


def _parts(name: str) -> tuple[str, ...]:
    return name, f"{name} low", f"{name} high", f"{name} mark"


def _line(row: Row, names: list[str]) -> dict[str, str]:
    """What a row says, by column; nothing where it says nothing."""
    line, notes = {GROUP: row.group}, list[str]()
    for name, cell in zip(names, row.cells, strict=True):
        texts = (cell.text, *(cell.interval or ("", "")), cell.mark)
        line |= {part: text for part, text in zip(_parts(name), texts, strict=True) if text}
        notes += [f"{name}: {note}" for note in cell.notes]
    return line | {NOTES: "; ".join(notes)}
