"""`rebench import`: somebody else's predictions, scored like our own."""

from pathlib import Path
from typing import Annotated

import typer


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON Lines (.jsonl, .jsonl.gz), Parquet, or a folder of PNG masks."
        ),
    ],
    model: Annotated[str, typer.Option("--model", "-m", help="A name for who predicted.")],
    split: Annotated[str, typer.Option("--split", "-s", help="scenes, arefcoco, refcoco:testA, ...")],
    out: Annotated[Path, typer.Option(help="Runs go to OUT/<split>/<model>/.")] = Path("runs"),
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    protocol: Annotated[str, typer.Option(help="The evaluation protocol.")] = "original",
    fresh: Annotated[bool, typer.Option("--fresh", help="Replace an older run of that name.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Score masks that were predicted elsewhere.

    Every mask must belong to an expression of the split (see `rebench data manifest`) and have the size
    of its picture, or nothing is imported. Expressions without a mask make the run partial.
    """
    from rebench.cli.console import print_json, show_run
    from rebench.data.catalogue import load_split
    from rebench.evaluation import Run
    from rebench.importing import import_predictions

    chosen = load_split(split, data_root)
    done = Run.read(import_predictions(file, model, chosen, out, protocol, fresh=fresh))
    show_run(done)
    if json:
        print_json({"schema_version": 1, "runs": [done.as_dict()]})
    if done.failed:
        raise typer.Exit(1)
