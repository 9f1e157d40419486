"""`rebench data`: which splits there are, what is on disk, and manifests."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from rebench.data.check import SplitCheck

app = typer.Typer(
    help="Splits: list and check them, see which share images, write manifests.", no_args_is_help=True
)

_SIZES = ("images", "refs", "expressions")

DataRoot = Annotated[
    Path | None,
    typer.Option("--data-root", help="Folder with the data; else $REBENCH_DATA, else the user cache folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("list")
def list_(data_root: DataRoot = None, as_json: AsJson = False) -> None:
    """List the splits, their official sizes and what of them is here."""
    from dataclasses import asdict

    from rebench.cli.console import print_json
    from rebench.data.check import root_to_check
    from rebench.data.manifest import list_splits

    root = root_to_check(data_root)
    listings = list_splits(root)
    if as_json:
        print_json(
            {"schema_version": 1, "data_root": str(root), "splits": [asdict(listing) for listing in listings]}
        )
        return
    from rich.table import Table

    table = Table("Split", box=None, pad_edge=False)
    for heading in _SIZES:
        table.add_column(heading.capitalize(), justify="right")
    table.add_column("Here", no_wrap=True)
    for listing in listings:
        official = asdict(listing.official) if listing.official else {}
        sizes = [f"{official[key]:,}" if official.get(key) is not None else "" for key in _SIZES]
        here = listing.here or ("unreadable" if listing.problem else "-")
        if listing.here and not listing.present:
            here += " (files missing)"
        table.add_row(listing.name, *sizes, here)
    console = _console()
    console.print(table)
    for problem in dict.fromkeys(listing.problem for listing in listings if listing.problem):
        console.print(f"unreadable: {problem}", style="red")
    console.print(f"data root: {root}   (sizes are the official ones; `rebench data check` says more)")


@app.command(short_help="Say file by file what is there and what is missing.")
def check(
    splits: Annotated[
        list[str] | None, typer.Argument(metavar="SPLIT", show_default=False, help="Names of splits.")
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Decode every picture and every mask.")] = False,
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Say file by file what is there, what is missing and where to get it. All splits if none is named.

    Exit code 0 if everything asked for is whole and as released, 1 if not.
    """
    from rich.console import Console
    from rich.progress import Progress

    from rebench.cli.console import print_json
    from rebench.data.check import check_splits, root_to_check

    root = root_to_check(data_root)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks: dict[str, Any] = {}

        def advance(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        checks = check_splits(splits or [], root, deep, advance)
    fine = all(c.fine for c in checks)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "data_root": str(root),
                "fine": fine,
                "splits": [c.document() for c in checks],
            }
        )
    else:
        console = _console()
        console.print(f"data root: {root}")
        for found in checks:
            _print_check(console, found)
    if not fine:
        raise typer.Exit(1)


@app.command(short_help="Print how many images the splits share.")
def overlap(
    splits: Annotated[
        list[str] | None, typer.Argument(metavar="SPLIT", show_default=False, help="Names of splits.")
    ] = None,
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Print how many images every split shares with every other. All that are at hand if none is named."""
    from dataclasses import asdict

    from rebench.cli.console import print_json
    from rebench.data.check import root_to_check
    from rebench.data.overlap import find_overlap

    root = root_to_check(data_root)
    found = find_overlap(splits or (), root)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "data_root": str(root),
                "splits": {name: len(ids) for name, ids in found.images.items()},
                "missing": dict(found.missing),
                "shared": [asdict(cell) for row in found.rows() for cell in row if cell.split != cell.other],
            }
        )
        return
    from rich.table import Table

    table = Table("", "Split", box=None, pad_edge=False, padding=(0, 1))
    table.add_column("Images", justify="right")
    for number in range(1, len(found.images) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for number, row in enumerate(found.rows(), start=1):
        cells = ["." if c.split == c.other else _shared(c.images, c.share) for c in row]
        table.add_row(str(number), row[0].split, f"{len(found.images[row[0].split]):,}", *cells)
    console = _console()
    console.print(table)
    if found.missing:
        console.print(f"not at hand: {', '.join(found.missing)}")
    console.print(f"data root: {root}   (images that row and column share, and their share of the row's)")


@app.command(short_help="Write the manifest of a split as JSON.")
def manifest(
    split: Annotated[str, typer.Argument(metavar="SPLIT", help="Name of the split.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; stdout if not given.")] = None,
    data_root: DataRoot = None,
) -> None:
    """Write the manifest of a split: its hash, its size and every sample in order, as JSON."""
    from rebench.cli.console import print_json
    from rebench.data.catalogue import load_split
    from rebench.data.manifest import manifest_document, write_manifest

    loaded = load_split(split, data_root)
    if out is None:
        print_json(manifest_document(loaded))
    else:
        write_manifest(loaded, out)
        typer.echo(f"{out}: {loaded.name}, {loaded.coverage}, sha256 {loaded.manifest.sha256}", err=True)


def _shared(images: int, share: float) -> str:
    return f"{images:,}\n{100 * share:.3g}%" if images else "-"


def _print_check(console: "Console", found: "SplitCheck") -> None:
    console.print()
    state = "fine" if found.fine else f"{len(found.problems)} problem{'s' * (len(found.problems) > 1)}"
    size = f"  {found.coverage}" if found.coverage else ""
    console.print(f"{found.name}{size}: {state}", style="bold green" if found.fine else "bold yellow")
    for file in found.files:
        there = f"ok       {file.path}  ({file.size:,} bytes)" if file.size is not None else ""
        console.print(f"  {there or f'missing  {file.path}'}")
    if found.pictures:
        present = found.pictures - len(found.missing_pictures)
        looked = "decoded" if found.deep else "headers read"
        console.print(f"  {present:,} of {found.pictures:,} pictures there, {looked}")
    if found.sha256:
        console.print(f"  manifest sha256 {found.sha256}")
    if found.sha256 and found.pinned:
        console.print(f"  content as pinned, sha256 {found.pinned}")
    for problem in found.problems[:20]:
        console.print(f"  - {problem}", style="yellow")
    if len(found.problems) > 20:
        console.print(f"  - and {len(found.problems) - 20} more: --json shows all", style="yellow")


def _console() -> "Console":
    from rich.console import Console

    # What is piped or written to a file is not folded at a width that nobody has.
    width = None if sys.stdout.isatty() else 400
    return Console(width=width, highlight=False, markup=False, soft_wrap=True)
