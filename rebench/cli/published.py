"""`rebench published`: what the ledger of published numbers holds, what disagrees, whether it is sound."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rebench.published.ledger import Ledger
    from rebench.published.schema import Conflict

app = typer.Typer(
    help="Published numbers: list them, audit their conflicts, check the ledger.", no_args_is_help=True
)

Folder = Annotated[Path | None, typer.Option("--ledger", help="Folder of another ledger.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def check(ledger: Folder = None, as_json: AsJson = False) -> None:
    """Say what is wrong with the ledger: schema, ids, values, references, conflicts left open.

    Exit code 0 if nothing is, 1 if something is.
    """
    from rebench.cli.console import print_json, stderr
    from rebench.published.check import check as check_ledger
    from rebench.published.ledger import FILES, LEDGER

    folder = ledger or LEDGER
    found, problems = check_ledger(folder)
    counts = {name: len(getattr(found, name)) for name in FILES}
    for problem in problems:
        stderr().print(problem, style="red", soft_wrap=True, markup=False)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    verdict = f"{len(problems):,} problems" if problems else "sound"
    stderr().print(f"{verdict}: {told} in {folder}", soft_wrap=True, markup=False)
    if as_json:
        print_json({"schema_version": 1, "folder": str(folder), "rows": counts, "problems": problems})
    if problems:
        raise typer.Exit(1)


@app.command()
def audit(
    kind: Annotated[str | None, typer.Option(help="Only conflicts of this kind.")] = None,
    ledger: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Print what the papers disagree on, by kind, each with our verdict; then who leads after them."""
    from rebench.cli.console import print_json
    from rebench.errors import RebenchError
    from rebench.published.audit import as_dict, by_kind
    from rebench.published.ledger import LEDGER, Ledger

    read = Ledger.read(ledger or LEDGER)
    if kind is not None and kind not in by_kind(read):
        raise RebenchError(f"no conflict is of kind {kind!r}: there are {', '.join(by_kind(read))}")
    if as_json:
        document = as_dict(read)
        document["kinds"] = [one for one in document["kinds"] if kind in (None, one["kind"])]
        print_json(document)
    else:
        _show(read, kind)


@app.command("list")
def list_(
    paper: Annotated[str | None, typer.Option(help="Of this paper: safire2025.")] = None,
    model: Annotated[str | None, typer.Option(help="Of this model: cris.")] = None,
    split: Annotated[str | None, typer.Option(help="On this split: refcoco:val, or all of refcoco.")] = None,
    metric: Annotated[str | None, typer.Option(help="That are likely this metric: oiou.")] = None,
    ledger: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List published results, corrected, with the id of each."""
    from dataclasses import asdict

    from rebench.cli.console import print_json
    from rebench.published.ledger import LEDGER, Ledger
    from rebench.published.measured import ledger_split

    read = Ledger.read(ledger or LEDGER)
    dataset, wanted = ledger_split(split) if split else (None, "")
    rows = [
        (row, now)
        for row, now in ((row, read.corrected(row)) for row in read.results)
        if paper in (None, row.paper)
        and model in (None, row.model)
        and metric in (None, now.likely_metric)
        and dataset in (None, now.dataset)
        and wanted in ("", now.split)
    ]
    if as_json:
        results = [asdict(row) | {"corrected": asdict(now) if now != row else None} for row, now in rows]
        print_json({"schema_version": 1, "results": results})
    else:
        _list(rows)


def _list(rows: list[tuple[Any, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from rebench.cli.console import stderr

    shown = Table("id", "method", "variant", "split", "metric", "value", "", box=None, pad_edge=False)
    for row, now in rows:
        metric = row.metric if row.metric == row.likely_metric else f"{row.likely_metric} (as {row.metric})"
        before = "" if now.printed == row.printed else f"printed {row.printed}"
        cells = (row.id, now.row_label, row.variant or "", f"{now.dataset} {now.split}", metric, now.printed)
        shown.add_row(*map(Text, (*cells, before)))
    stderr().print(shown)
    stderr().print(f"{len(rows):,} results")


def _show(ledger: "Ledger", wanted: str | None) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from rebench.cli.console import stderr
    from rebench.published.audit import KINDS, best, by_kind

    console = stderr()
    for kind, conflicts in by_kind(ledger).items():
        if wanted in (None, kind):
            title = f"{KINDS.get(kind, kind)} ({kind}, {len(conflicts)})"
            console.print(Text(title, style="bold"), soft_wrap=True)
            for conflict in conflicts:
                for line, style in _lines(conflict, ledger):
                    indent = len(line) - len(line.lstrip())
                    console.print(Padding(Text(line.lstrip(), style=style), (0, 0, 0, indent)))
            console.print()
    if wanted is not None:
        return
    shown = Table("split", "highest oIoU", "second", "third", box=None, pad_edge=False)
    for (dataset, split), models in best(ledger).items():
        shown.add_row(f"{dataset} {split}", *(Text(f"{one.model} {one.value}") for one in models))
    console.print(Text("Main tables, corrected, one training set; no test says who is better", style="bold"))
    console.print(shown)


def _lines(conflict: "Conflict", ledger: "Ledger") -> Iterator[tuple[str, str]]:
    """A conflict, line by line, with the style of each."""
    yield f"  {conflict.id}  {conflict.subject}  ({conflict.severity})", "bold"
    for claim in conflict.claims:
        yield f"       - {claim}", ""
    yield f"       verdict ({conflict.confidence} confidence): {conflict.verdict}", "green"
    sources = f" [{', '.join(conflict.evidence)}]" if conflict.evidence else ""
    yield f"       {conflict.reason}{sources}", "dim"
    for correction in ledger.corrections:
        if correction.conflict == conflict.id:
            where = correction.rows[0] + (f" and {n} more" if (n := len(correction.rows) - 1) else "")
            yield (
                f"       {correction.field} of {where}: {correction.printed} -> {correction.corrected}",
                "cyan",
            )
