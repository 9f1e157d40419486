"""A table in Markdown, as GitHub reads it."""

from rebench.report.escape import markdown
from rebench.report.table import Cell, Column, Panel, Table


def markdown_table(table: Table) -> str:
    """Caption, one table per panel, footnotes, notes."""
    letters = [f"<sup>{letter}</sup> {markdown(text)}" for text, letter in table.footnotes.items()]
    parts = [markdown(table.caption), *(_panel(panel, table) for panel in table.panels)]
    parts += ["<br>\n".join(letters)] if letters else []
    return "\n\n".join([*parts, *map(markdown, table.notes)]) + "\n"


def _panel(panel: Panel, table: Table) -> str:
    lines = [
        _line([markdown(column.name) for column in panel.columns]),
        _line(["---:" if column.numeric else ":---" for column in panel.columns]),
    ]
    groups = list(panel.groups)
    for group, rows in groups:
        if len(groups) > 1 and group:
            lines.append(_line([f"*{markdown(group)}*", *[""] * (len(panel.columns) - 1)]))
        for row in rows:
            cells = zip(row.cells, panel.columns, strict=True)
            lines.append(_line([_cell(cell, column, table) for cell, column in cells]))
    return "\n".join(lines)


def _cell(cell: Cell, column: Column, table: Table) -> str:
    text = markdown(cell.text)
    if not text and column.numeric:
        text = "–"
    if cell.mark:
        text = f"**{text}**" if cell.mark == "best" else f"<u>{text}</u>"
    if cell.interval:
        text += " \\[{}, {}\\]".format(*map(markdown, cell.interval))
    return text + (f"<sup>{letters}</sup>" if (letters := table.letters(cell)) else "")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
