"""The formats that a table is written in, by name."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from rebench.errors import RebenchError
from rebench.report.csv_table import csv_table
from rebench.report.latex_table import latex_table
from rebench.report.markdown_table import markdown_table
from rebench.report.table import Table


def json_table(table: Table) -> str:
    """The table as one JSON document, in ASCII."""
    return json.dumps(table.as_dict(), indent=2, allow_nan=False) + "\n"


FORMATS: Mapping[str, Callable[[Table], str]] = MappingProxyType(
    {"latex": latex_table, "markdown": markdown_table, "csv": csv_table, "json": json_table}
)
SUFFIXES = MappingProxyType({".tex": "latex", ".md": "markdown", ".csv": "csv", ".json": "json"})


def format_of(name: str | None, file: str = "") -> str:
    """The name of a format that is given, or that the name of a file tells.

    Raises:
        RebenchError: there is no such format, or neither tells.
    """
    from pathlib import Path

    found = name or SUFFIXES.get(Path(file).suffix.lower(), "")
    if found not in FORMATS:
        told = f"no format {name!r}" if name else f"what format {file} is to be in does not show"
        raise RebenchError(f"{told}: give --format {'|'.join(FORMATS)}")
    return found
