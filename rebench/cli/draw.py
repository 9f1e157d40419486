"""`rebench draw`: a picture of a run's predictions."""

from pathlib import Path
from typing import Annotated

import typer

from rebench.errors import RebenchError


def draw(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    out: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("predictions.png"),
    rows: Annotated[int, typer.Option(min=1, max=50, help="Expressions per group.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Which expressions; they are drawn at random.")] = 0,
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
) -> None:
    """Draw random predictions of every group, with the target outlined."""
    if out.suffix.lower() != ".png":
        raise RebenchError(f"{out} does not end in .png, and it is a PNG that is written")
    from rebench.evaluation import Run
    from rebench.report.gallery import draw_gallery
    from rebench.rescoring import split_of

    done = Run.read(run)
    draw_gallery(done, split_of(done.path, done.record, data_root), out, rows, seed)
    typer.echo(f"picture: {out}", err=True)
