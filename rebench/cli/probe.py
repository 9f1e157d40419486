"""`rebench probe`: what other sentences do to a model's predictions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

OUTCOMES = {"wrong_instance": "wrong", "several_instances": "several", "other": "other", "empty": "empty"}
MUTE = ("category", "empty")
"""Probes whose sentences do not tell the referent from its rivals."""
_NUMBERS_WIDTH, _OUTCOME_WIDTH = 86, 8
"""Columns of the terminal that the table needs without outcomes, and for each of these."""


def probe(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of the run without a probe.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Compare a run with the probed runs beside it, which `rebench run --probe NAME` makes.

    Writes `probes.json` into the folder of the run; no model is needed.
    """
    from rebench.cli.console import print_json
    from rebench.evaluation import Run
    from rebench.probing import report_probes
    from rebench.rescoring import split_of

    done = Run.read(run)
    document = report_probes(done, split_of(done.path, done.record, data_root))
    show_probes(document, done.path)
    if json:
        print_json(document)


def show_probes(document: Mapping[str, Any], path: Path) -> None:
    """The table, what the borrowed sentences did, what was left out, and where it all lies."""
    from rich.text import Text

    from rebench.cli.console import stderr
    from rebench.probing import FILE

    console = stderr()
    console.print()
    console.print(probes_table(document, console.width))
    for line in (*_committing(document), *_following(document), *_left_out(document)):
        console.print(Text(line), soft_wrap=True)
    for note in document["notes"]:
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)
    console.print(Text(f"probes: {path / FILE}", style="dim"), soft_wrap=True)


def probes_table(document: Mapping[str, Any], width: int = 100) -> "Table":
    """Per probe and group: how far predictions move, and the scores before and after.

    Args:
        document: as `report_probes` writes it.
        width: of the terminal, in columns; outcomes that do not fit are left out.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from rebench.cli.tables import GROUPS

    shown = list(OUTCOMES)[: max(0, (width - _NUMBERS_WIDTH) // _OUTCOME_WIDTH)]
    caption = (
        "percent; moved: 1 - IoU between the predictions by the probe's sentence and by the real one; after:"
        " by the probe's sentence, still against the real one's referent; right and chance: as in Identity"
    )
    caption += "; then the other outcomes after" if shown else ""
    table = Table(
        title=Text(f"Probes of {document['model']} on {document['split']}"), title_justify="left",
        caption=Text(caption), caption_justify="left",
        box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False,
    )  # fmt: skip
    table.add_column("", no_wrap=True, min_width=15)
    columns = {"n": 6, "moved": 6, "mIoU": 6, "after": 17, "right": 6, "after ": 17, "chance": 6}
    for header, least in (columns | {OUTCOMES[name]: _OUTCOME_WIDTH - 1 for name in shown}).items():
        table.add_column(header.strip(), justify="right", no_wrap=True, min_width=least)
    for name, entry in document["probes"].items():
        table.add_row(name, *_numbers(entry["overall"], shown), style="bold")
        for group, cell in entry["groups"].items():
            if cell["n"]:
                table.add_row(f"  {GROUPS[group]}", *_numbers(cell, shown))
    return table


def _numbers(cell: Mapping[str, Any], outcomes: list[str]) -> Iterator[str]:
    yield f"{cell['n']:,}"
    yield _value(cell["movement"])
    for part in (cell["miou"], cell["identity"]):
        yield _value(part["before"])
        yield _interval(part["after"])
    yield _value(cell["identity"]["chance"])
    for name in outcomes:
        went = sum(row.get(name, 0) for row in cell["outcomes"].values())
        yield f"{100 * went / cell['n']:.1f}" if cell["n"] else "–"


def _committing(document: Mapping[str, Any]) -> Iterator[str]:
    """Whether those masks that are one instance's are the referent's more often than blindly."""
    for name in MUTE:
        if name in document["probes"]:
            cell = document["probes"][name]["overall"]["identity"]["committed"]
            yield (
                f"{name}: {_interval(cell['share'])} of the masks are those of one instance;"
                f" of these {_interval(cell['right'])} are the referent's (chance {_value(cell['chance'])})"
            )


def _following(document: Mapping[str, Any]) -> Iterator[str]:
    """Whether the mask goes where a borrowed sentence points."""
    for name, entry in document["probes"].items():
        if follow := entry["overall"].get("follow"):
            identity, iou = follow["identity"], follow["miou"]
            yield (
                f"{name}: the mask is the other target's {_interval(identity['after'])} of the time,"
                f" by the real sentence {_value(identity['before'])}:"
                f" language sensitivity {_interval(identity['difference'])};"
                f" mIoU with the other target {_value(iou['after'])}, by the real sentence"
                f" {_value(iou['before'])}"
            )


def _left_out(document: Mapping[str, Any]) -> Iterator[str]:
    """Which expressions are in none of the numbers."""
    reasons = {
        "left_out": "expressions that a probe does not apply to",
        "unscored": "expressions that are not scored in both runs",
    }
    for key, reason in reasons.items():
        told = [f"{name} {entry[key]:,}" for name, entry in document["probes"].items() if entry[key]]
        if told:
            yield f"{reason}: {', '.join(told)}"


def _value(estimate: Mapping[str, Any]) -> str:
    return "–" if estimate["value"] is None else f"{100 * estimate['value']:.1f}"


def _interval(estimate: Mapping[str, Any]) -> str:
    if estimate["low"] is None:
        return _value(estimate)
    return f"{_value(estimate)} [{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]"
