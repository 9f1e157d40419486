"""`rebench leaderboard`: verify a board, render its page, export it, begin one, print the schema."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rebench.leaderboard.submit import Proposal
    from rebench.leaderboard.verify import Verification

app = typer.Typer(help="Leaderboards: verify, render, export, begin one, schema.", no_args_is_help=True)

Board = Annotated[Path, typer.Argument(metavar="FILE", help="The board's JSON file.")]
DataRoot = Annotated[
    Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
]
LISTED = 50
"""Findings that are printed."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def verify(
    file: Board,
    base: Annotated[
        Path | None, typer.Option(help="An older copy: the board must only have grown since.")
    ] = None,
    data_root: DataRoot = None,
    json: AsJson = False,
) -> None:
    """Prove a board: schema, chain, rules, and the scores of every entry whose predictions are there.

    Exit code 0 if nothing is off, 1 if something is: each finding says what, under the name of its reason.
    """
    from rebench.cli.console import print_json
    from rebench.leaderboard.verify import verify as verify_board

    done = verify_board(file, base=base, data_root=data_root)
    _show(done)
    if json:
        print_json(done.as_dict())
    if not done.ok:
        raise typer.Exit(1)


@app.command()
def render(
    file: Board,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to write index.html into; else NAME.html beside the board."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Write the public page of a board; a board that is not in order is refused."""
    from rebench.cli.console import print_json, stderr
    from rebench.leaderboard.page import render as render_page

    page = render_page(file, out) if out else _render_beside(file)
    stderr().print(f"page: {page}", soft_wrap=True, markup=False)
    if json:
        print_json({"schema_version": 1, "page": str(page)})


@app.command()
def export(
    file: Board,
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
    format: Annotated[
        str, typer.Option(help="every-eval (JSON per entry), model-index (YAML per entry), bibtex.")
    ] = "every-eval",
    json: AsJson = False,
) -> None:
    """Write a board in the forms of others."""
    from rebench.cli.console import print_json, stderr
    from rebench.leaderboard.exporters import export as export_board

    files = export_board(file, format, out)
    for path in files:
        stderr().print(str(path), soft_wrap=True, markup=False)
    if json:
        print_json({"schema_version": 1, "files": [str(path) for path in files]})


@app.command()
def new(
    file: Board,
    split: Annotated[str, typer.Option(help="What the board is of: scenes, arefcoco, ...")],
    title: Annotated[str, typer.Option(help="Its heading.")],
    primary: Annotated[str, typer.Option(help="The metric that entries are ranked by.")] = "oiou",
    max_overlap: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of test images that training may have seen.")
    ] = None,
    link: Annotated[str | None, typer.Option(help="Where the board is kept, an https address.")] = None,
    data_root: DataRoot = None,
) -> None:
    """Begin an empty board; its file names it. The manifest is settled now if the whole split is here."""
    from rebench.cli.console import stderr
    from rebench.leaderboard.beginning import begin

    made = begin(file, split, title, primary, max_overlap, link, data_root)
    manifest = made.raw["board"]["manifest_sha256"] or "settled by the first measured entry"
    stderr().print(f"board: {file}, manifest {manifest}", soft_wrap=True, markup=False)


@app.command()
def schema(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; else stdout.")] = None,
) -> None:
    """Write the JSON Schema of a board's file. Only an older schema is replaced."""
    import json

    from rebench.cli.console import print_json
    from rebench.errors import RebenchError
    from rebench.leaderboard.schema import json_schema
    from rebench.store.atomic import write_atomically

    made = json_schema()
    if file is None:
        print_json(made)
    elif file.exists() and not _is_schema(file, made):
        raise RebenchError(f"{file} is there and is no schema of a board: give another name")
    else:
        write_atomically(file, (json.dumps(made, indent=2) + "\n").encode())


def _is_schema(file: Path, made: Mapping[str, Any]) -> bool:
    """Whether the file holds what some version of us made: a schema under the title of ours."""
    import json

    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(found.get(key) == made[key] for key in ("$schema", "title"))


def _render_beside(file: Path) -> Path:
    """Writes the page as `NAME.html` into the folder of `NAME.json`; its path is returned."""
    from tempfile import TemporaryDirectory

    from rebench.leaderboard.page import render as render_page
    from rebench.store.atomic import write_atomically

    with TemporaryDirectory() as folder:
        content = render_page(file, folder).read_bytes()
    page = file.with_name(f"{file.name.removesuffix('.json')}.html")
    write_atomically(page, content)
    return page


def percent(fraction: float) -> str:
    """One digit after the point."""
    return f"{100 * fraction:.1f}"


def proposal_table(proposal: "Proposal") -> "Table":
    """Every metric of the new entry beside the best one."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from rebench.leaderboard.schema import Estimate
    from rebench.stats.verdicts import metric_label, points

    def told(estimate: Estimate | None) -> Text:
        if estimate is None or estimate.value is None:
            return Text("–")
        if estimate.low is None or estimate.high is None:
            return Text(percent(estimate.value))
        return Text(f"{percent(estimate.value)} [{percent(estimate.low)}, {percent(estimate.high)}]")

    top = proposal.best
    best = f"{top.model.full_name}, entry {top.number}" if top else "no entry yet"
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for header in ("", f"new: {proposal.draft.facts.model.full_name}", f"best: {best}", "difference"):
        table.add_column(Text(header), justify="right" if header else "left", overflow="fold")
    for name, new, old in proposal.metrics:
        difference = "–"
        if old is not None and None not in (new.value, old.value):
            difference = points((new.value or 0.0) - (old.value or 0.0))
        table.add_row(Text(metric_label(name)), told(new), told(old), Text(difference))
    return table


def _show(done: "Verification") -> None:
    from collections import Counter

    from rich.text import Text

    from rebench.cli.console import stderr
    from rebench.errors import one_line

    console = stderr()
    for finding in done.findings[:LISTED]:
        console.print(Text(str(finding), style="red"), soft_wrap=True)
    if (more := len(done.findings) - LISTED) > 0:
        console.print(Text(f"and {more:,} more findings: --json has all", style="red"), soft_wrap=True)
    for entry in done.entries:
        why = f" ({one_line(entry.text)})" if entry.text else ""
        console.print(Text(f"entry {entry.number}: {entry.name}: {entry.state}{why}"), soft_wrap=True)
    for note in done.notes:
        console.print(Text(f"note: {one_line(note)}", style="yellow"), soft_wrap=True)
    states = Counter(entry.state for entry in done.entries)
    told = ", ".join(f"{count} {state}" for state, count in states.items()) or "no entries"
    verdict = "in order" if done.ok else f"{len(done.findings)} findings"
    console.print(Text(f"{done.path}: {verdict}; {told}"), soft_wrap=True)
