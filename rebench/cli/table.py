"""`rebench table`: the tables of the literature, corrected, with runs of our own as further rows."""

from pathlib import Path
from typing import Annotated, Any

import typer


def table(
    preset: Annotated[str | None, typer.Argument(help="Which table: `rebench table --list` says.")] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(help="Folder of a run, or NAME=FOLDER; those of one name are one row. Repeatable."),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="latex, markdown, csv or json, on stdout or in --out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table there; .tex, .md, .csv, .json.")] = None,
    intervals: Annotated[bool, typer.Option(help="Of measured rows, each in a line of its own.")] = True,
    list_: Annotated[bool, typer.Option("--list", help="Say which tables there are.")] = False,
    ledger: Annotated[
        Path | None, typer.Option(help="Folder of another ledger of published numbers.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Print a table of a paper: as published, corrected where papers were wrong, beside measured rows.

    oIoU and mIoU never share a column: a number stands where it belongs, whatever its paper called it.
    """
    from rebench.errors import RebenchError

    if list_:
        _list(json)
        return
    if preset is None:
        raise RebenchError("which table? `rebench table --list` says what there is")
    from rebench.published.ledger import LEDGER, Ledger
    from rebench.published.measured import read_rows
    from rebench.published.paper_table import paper_table
    from rebench.published.presets import find
    from rebench.report.formats import format_of

    chosen = format_of(format_, str(out or "")) if format_ or out else "json" if json else None
    done = paper_table(find(preset), Ledger.read(ledger or LEDGER), read_rows(run or ()))
    _write(done if intervals else done.without_intervals(), chosen, out)


def _write(done: Any, chosen: str | None, out: Path | None) -> None:
    import sys

    from rebench.cli.console import stderr
    from rebench.report.formats import FORMATS
    from rebench.report.rich_table import rich_table
    from rebench.store.atomic import write_atomically

    if chosen is None:
        for part in rich_table(done, stderr().width):
            stderr().print(part)
    elif out is None:
        sys.stdout.write(FORMATS[chosen](done))
    else:
        write_atomically(out, FORMATS[chosen](done).encode())
        stderr().print(f"written: {out}", style="dim", soft_wrap=True, markup=False)


def _list(json: bool) -> None:
    from dataclasses import asdict

    from rich.table import Table

    from rebench.cli.console import print_json, stderr
    from rebench.published.presets import PRESETS

    if json:
        print_json({"schema_version": 1, "tables": [asdict(preset) for preset in PRESETS.values()]})
        return
    shown = Table("Table", "Paper", "", box=None, pad_edge=False)
    for preset in PRESETS.values():
        shown.add_row(preset.name, f"{preset.paper}, Table {preset.table}", preset.title)
    stderr().print(shown)
