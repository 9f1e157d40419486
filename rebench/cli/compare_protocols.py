"""`rebench compare-protocols`: one set of predictions, every protocol, the spread."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table


def compare_protocols(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run with --keep-logits.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Score the kept logits of a run by every protocol; nothing is written.

    What differs between the rows is the protocol alone: no model changed, no prediction did.
    """
    from rich.text import Text

    from rebench.cli.console import print_json, stderr
    from rebench.protocol_comparison import compare_protocols

    document = compare_protocols(run, data_root)
    stderr().print(_table(document))
    line = f"what departs from original: {_departures(document['choices'])} (docs/protocols.md explains)"
    stderr().print(Text(line), soft_wrap=True)
    for name, row in document["protocols"].items():
        for note in row["notes"]:
            stderr().print(Text(f"note on {name}: {note}", style="dim"), soft_wrap=True)
    if json:
        print_json(document)
    if any(row["failed"] for row in document["protocols"].values()):
        raise typer.Exit(1)


def _table(document: dict[str, Any]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    names = {"oiou": "oIoU", "miou": "mIoU", **{f"pr{x}": f"Pr@{x}" for x in (50, 60, 70, 80, 90)}}
    table = Table(
        title=Text(f"{document['model']} on {document['split']}, the same logits under every protocol"),
        title_justify="left",
        caption=Text("percent; – is not computed by that protocol; spread: largest minus smallest"),
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("protocol", no_wrap=True)
    for header in ("n", *names.values()):
        table.add_column(header, justify="right", no_wrap=True)
    for name, row in document["protocols"].items():
        table.add_row(name, f"{row['n']:,}", *(_percent(row[metric]) for metric in names))
    table.add_section()
    table.add_row("spread", "", *(_percent(document["spread"][metric]) for metric in names), style="bold")
    return table


def _departures(choices: dict[str, dict[str, str]]) -> str:
    """ "grid input (lavt, rela); threshold – (lavt, rela), 0.35 (cris)": each value with who has it."""
    parts = []
    for choice, values in choices.items():
        who: dict[str, list[str]] = {}
        for name, value in values.items():
            who.setdefault(value, []).append(name)
        parts.append(
            f"{choice} " + ", ".join(f"{value} ({', '.join(names)})" for value, names in who.items())
        )
    return "; ".join(parts)


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.2f}"
