"""`rebench doctor`: will it work here, and if not, what is to be done."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rebench.doctor import Check


def doctor(
    data_root: Annotated[
        Path | None,
        typer.Option("--data-root", help="Folder with the data; else $REBENCH_DATA, else the cache folder."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Look at everything that a run needs, and say what to do where something is wrong.

    Exit code 0 if nothing is (notes are no problems), 1 if something is.
    """
    from dataclasses import asdict

    from rebench.cli.console import foreign_output_on_stderr, print_json, stderr
    from rebench.doctor import examine

    with stderr().status("looking"), foreign_output_on_stderr():
        checks = examine(data_root)
    problems = sum(check.status == "problem" for check in checks)
    if json:
        print_json({"schema_version": 1, "fine": not problems, "checks": [asdict(c) for c in checks]})
    else:
        _print(checks, problems)
    if problems:
        raise typer.Exit(1)


STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


def _print(checks: Sequence["Check"], problems: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for column in ("status", "name", "detail"):
        table.add_column(column, no_wrap=column != "detail")
    for check in checks:
        found = Text(check.detail)
        if check.remedy:
            found.append(f"\n> {check.remedy}", style="bold")
        table.add_row(Text(check.status, style=STYLES[check.status]), check.name, found)
    # what is piped or written to a file is not folded at a width that nobody has
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 1000)
    with console.capture() as drawn:
        console.print(table)
    lines = [line.rstrip() for line in drawn.get().splitlines()]
    sys.stdout.write("\n".join([*lines, f"{problems or 'no'} problem{'s' * (problems != 1)}", ""]))
