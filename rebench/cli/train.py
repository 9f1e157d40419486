"""`rebench train`: a model by its paper's recipe on splits from disk, or a tiny variant on the scenes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from rebench.predict.trainers import Wish

_RECIPE, _SCENES = "By a paper's recipe", "Tiny variants on scenes"


def train(
    model: Annotated[str, typer.Option("--model", "-m", help="A registered name: safire:base, safire:tiny.")],
    split: Annotated[
        list[str] | None, typer.Option("--split", "-s", help="What to train on: refcoco:train; else scenes.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Checkpoint, log and weights go here.")] = Path("runs/train"),
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides the weights, on the CPU to the bit; 0 if not given.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, not from the checkpoint.")] = False,
    recipe: Annotated[
        str | None,
        typer.Option(help="safire, remamber, remamber-paper, risam, tfanet.", rich_help_panel=_RECIPE),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change the recipe.", rich_help_panel=_RECIPE),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe as JSON, train nothing.", rich_help_panel=_RECIPE)
    ] = False,
    val: Annotated[
        str | None, typer.Option(help="Decides which weights are kept: refcoco:val.", rich_help_panel=_RECIPE)
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(
            help="What the model will be judged on, so that no image of it is trained on; if not given, the "
            "val and test parts of the same data sets and arefcoco:test.",
            rich_help_panel=_RECIPE,
        ),
    ] = None,
    drop_overlap: Annotated[
        bool, typer.Option("--drop-overlap", help="Leave such images out.", rich_help_panel=_RECIPE)
    ] = False,
    backbone: Annotated[
        str | None,
        typer.Option(help="Its first weights: file, folder, hub name or none.", rich_help_panel=_RECIPE),
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="The text encoder's: folder or hub name.", rich_help_panel=_RECIPE)
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder with the data; else $REBENCH_DATA.", rich_help_panel=_RECIPE)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads that read pictures.", rich_help_panel=_RECIPE)
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Log for TensorBoard too.", rich_help_panel=_RECIPE)
    ] = False,
    pictures: Annotated[
        int | None, typer.Option(min=1, help="Training pictures.", rich_help_panel=_SCENES)
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Optimizer steps.", rich_help_panel=_SCENES)
    ] = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Pictures per step.", rich_help_panel=_SCENES)
    ] = None,
    lr: Annotated[
        float | None, typer.Option(min=0, help="Peak learning rate.", rich_help_panel=_SCENES)
    ] = None,
    check_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints.", rich_help_panel=_SCENES)
    ] = None,
) -> None:
    """Train a model, resumably: the same command continues where it was. Also under torchrun."""
    from rebench.predict.trainers import Wish

    scenes = {"pictures": pictures, "steps": steps, "images": images, "lr": lr, "check_every": check_every}
    splits = split or ["scenes"]
    tiny = len(splits) == 1 and splits[0].startswith("scenes") and val is None and recipe is None
    if tiny and not show:
        by_recipe = {"set": settings, "judge": judge, "backbone": backbone, "text": text, "threads": threads}
        by_recipe |= {"drop_overlap": drop_overlap or None, "tensorboard": tensorboard or None}
        _refuse(by_recipe, "by a paper's recipe", "give --val, and --split or --recipe")
        file = _on_scenes(model, splits[0], out, device, seed or 0, fresh, scenes)
    else:
        _refuse(scenes, "the tiny variants on scenes", "--set changes a paper's recipe")
        wish = Wish(
            model=model,
            splits=splits,
            val=val,
            out=out,
            recipe=recipe,
            settings=[*(settings or ()), *([] if seed is None else [f"seed={seed}"])],
            judge=judge or (),
            drop_overlap=drop_overlap,
            data_root=data_root,
            device=device,
            options={
                "backbone": backbone,
                "text": text,
                "threads": threads,
                "tensorboard": tensorboard,
                "fresh": fresh,
            },
        )
        if show:
            return _show(wish)
        file = _by_recipe(wish)
    if os.environ.get("RANK", "0") == "0":
        typer.echo(f"weights: {file}", err=True)


def _show(wish: "Wish") -> None:
    from rebench.cli.console import print_json
    from rebench.predict.trainers import show_recipe

    print_json(show_recipe(wish))


def _by_recipe(wish: "Wish") -> Path:
    from rebench.predict.trainers import train_by_recipe

    with TrainBar() as bar:
        return train_by_recipe(wish, bar)


def _on_scenes(
    model: str, split: str, out: Path, device: str, seed: int, fresh: bool, options: dict[str, Any]
) -> Path:
    from rebench.cli.console import TrainProgress
    from rebench.predict import trainers

    with TrainProgress() as progress:
        return trainers.train(
            model,
            split,
            out,
            pictures=options.pop("pictures") or 16_000,
            device=device,
            options={**options, "seed": seed},
            report=progress.report,
            fresh=fresh,
        )


def _refuse(options: Mapping[str, Any], place: str, remedy: str) -> None:
    """An option that would do nothing is an error. Raises RebenchError for the first that was given."""
    from rebench.errors import RebenchError

    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if given:
        raise RebenchError(f"{given[0]} is for training {place}: {remedy}")


class TrainBar:
    """The steps of a training with the time that is left, and a line for every validation."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: Any = None

    def begin(self, step: int, total: int) -> None:
        """Starts the bar."""
        from rich import progress

        from rebench.cli.console import stderr

        if step:
            stderr().print(f"continues after step {step:,} of {total:,}")
        self._bar = progress.Progress(
            progress.TextColumn("training"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            console=stderr(),
        )
        self._task = self._bar.add_task("training", total=total, completed=step)
        self._bar.start()

    def report(self, step: int, row: Mapping[str, float]) -> None:
        """Moves the bar; prints what was measured."""
        if self._bar is None:
            return
        self._bar.update(self._task, completed=step)
        if row:
            facts = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
            self._bar.console.print(f"step {step:,}  {facts}", soft_wrap=True, highlight=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
