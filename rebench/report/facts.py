"""A table of what is known of each run: one row per run, and a column for whatever is known of any."""

from collections.abc import Callable, Mapping

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.table import Cell, Column, Panel, Row, Table


def facts_table(
    chapter: Chapter, name: str, caption: str, facts: Callable[[Entry], Mapping[str, Cell]]
) -> Table:
    """The table.

    Args:
        chapter: its runs are the rows.
        name: of the table within the chapter.
        caption: of the table.
        facts: of a run, the same names for all; a column that is empty for all is left out.
    """
    found = [facts(entry) for entry in chapter.entries]
    used = [key for key in found[0] if any(row[key].text for row in found)]
    numeric = {key: any(row[key].value is not None for row in found) for key in used}
    columns = (Column(("run",), numeric=False), *(Column((key,), numeric=numeric[key]) for key in used))
    rows = tuple(
        Row((cells.words(entry.name), *(row[key] for key in used)))
        for entry, row in zip(chapter.entries, found, strict=True)
    )
    return Table(f"{chapter.slug}-{name}", caption, (Panel(columns, rows),))
