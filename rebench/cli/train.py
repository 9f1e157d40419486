"""`rebench train`: a registered model on the embedded scenes."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    model: Annotated[str, typer.Option("--model", "-m", help="A registered name with variant: safire:tiny.")],
    split: Annotated[str, typer.Option("--split", "-s", help="What to train on: scenes.")] = "scenes",
    out: Annotated[Path, typer.Option(help="Checkpoint, log and weights go here.")] = Path("runs/train"),
    pictures: Annotated[int, typer.Option(min=1, help="Training pictures.")] = 16_000,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimizer steps.")] = None,
    images: Annotated[int | None, typer.Option(min=1, help="Pictures per step.")] = None,
    lr: Annotated[float | None, typer.Option(min=0, help="Peak learning rate.")] = None,
    check_every: Annotated[int | None, typer.Option(min=1, help="Steps between checkpoints.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Decides the weights to the bit on one device.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, not from the checkpoint.")] = False,
) -> None:
    """Train a model on scenes, resumably: the same command continues where it was."""
    from rebench.cli.console import TrainProgress
    from rebench.predict import trainers

    options = {"steps": steps, "images": images, "lr": lr, "check_every": check_every, "seed": seed}
    with TrainProgress() as progress:
        file = trainers.train(
            model,
            split,
            out,
            pictures=pictures,
            device=device,
            options=options,
            report=progress.report,
            fresh=fresh,
        )
    typer.echo(f"weights: {file}", err=True)
