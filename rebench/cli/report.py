"""`rebench report`: one page, LaTeX, Markdown and CSV of runs, all from the same numbers."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Folders of runs; NAME=FOLDER names one. Figures show the first one's lead.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
    format_: Annotated[
        str, typer.Option("--format", help="html, latex, markdown, csv, or several with commas.")
    ] = "html,latex,markdown,csv",
    metric: Annotated[
        list[str] | None, typer.Option(help="To be tested, as for `rebench compare`; else oiou and miou.")
    ] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Compare what all runs have, where some lack expressions.")
    ] = False,
    pictures: Annotated[
        int, typer.Option(min=0, max=1000, help="About how many expressions the gallery shows; 0 for none.")
    ] = 48,
    protocols: Annotated[
        bool, typer.Option(help="Score runs that kept their logits by every protocol.")
    ] = True,
    resamples: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Resamples of images, and exchanges of labels.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the tests; same seed, same numbers.")] = 0,
    title: Annotated[str, typer.Option(help="Of the page.")] = "",
    width: Annotated[
        float,
        typer.Option(help="Inches of the figures for LaTeX: 3.25 fits a CVPR column, 3.5 IEEE, 5.5 NeurIPS."),
    ] = 7.0,
    intervals: Annotated[bool, typer.Option(help="In the tables for LaTeX.")] = True,
    data_root: Annotated[
        Path | None, typer.Option(help="Where the pictures lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Write what runs say, alone and against each other: a page that opens from disk, and files for a paper.

    Runs on several splits, or under several protocols, become chapters: numbers that cannot be compared never
    stand together.
    """
    from rebench.cli.console import print_json, stderr
    from rebench.report.gathering import Request, gather
    from rebench.report.writing import check_formats, check_width, write_report
    from rebench.stats import Settings

    formats = [name.strip() for name in format_.split(",") if name.strip()]
    check_formats(formats)
    check_width(width)
    request = Request(
        metrics=metric,
        settings=Settings(resamples=resamples, seed=seed),
        common=common,
        data_root=data_root,
        pictures=pictures if "html" in formats else 0,
        protocols=protocols,
    )
    with stderr().status("reading") as status:
        found = gather(runs, request, lambda text: status.update(_plain(text)))
        files = write_report(
            found,
            out,
            formats,
            title,
            width=width,
            intervals=intervals,
            tell=lambda text: status.update(_plain(text)),
        )
    for warning in found.warnings:
        stderr().print(f"note: {warning}", style="yellow", soft_wrap=True, markup=False)
    stderr().print(f"{len(files)} files, first: {files[0]}", style="dim", soft_wrap=True, markup=False)
    if json:
        print_json(
            {"schema_version": 1, "files": [str(path) for path in files], "warnings": list(found.warnings)}
        )


def _plain(text: str) -> str:
    """A name is no markup."""
    from rich.markup import escape

    return escape(text)
