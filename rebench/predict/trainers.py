"""Training of registered models: by a paper's recipe on splits from disk, or the tiny variants on scenes.

A package offers the first by the entry points `rebench.recipes`, the second by `rebench.trainers`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from rebench.data.catalogue import load_split, resolve_name
from rebench.data.split import Split
from rebench.errors import RebenchError
from rebench.predict.device import find_device

SCENES = "rebench.trainers"
RECIPES = "rebench.recipes"


class Progress(Protocol):
    """Who wants to know how a training goes."""

    def begin(self, step: int, total: int) -> None:
        """It begins at a step of so many."""

    def report(self, step: int, row: Mapping[str, float]) -> None:
        """A step is done; `row` holds what was measured there, if anything was."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A training by a paper's recipe.

    Attributes:
        variant: of the model; None is its first.
        recipe: a name; None is the model's own.
        settings: fields of the recipe that differ, each "field=value".
        train, val: what to train on, and what decides which weights are the best.
        without: images of `train` that are left out.
        judged: the splits for whose sake they are.
        backbone, text: what the encoders begin with; None is what the paper begins with.
        threads: that read pictures; None is one per core, at most 8.
        tensorboard: whether to log for TensorBoard too.
    """

    variant: str | None
    recipe: str | None
    settings: tuple[str, ...]
    train: tuple[Split, ...]
    val: Split
    without: frozenset[int]
    judged: tuple[str, ...]
    out: Path
    device: str
    backbone: str | None = None
    text: str | None = None
    threads: int | None = None
    tensorboard: bool = False
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the user asked for, by names; `train_by_recipe` makes a Request of it.

    Attributes:
        judge: the splits that the model will be judged on; none means all val and test parts of the same
            data sets, and aRefCOCO's test part.
        drop_overlap: leave out images that `val` or a judged split has, instead of refusing.
    """

    model: str
    splits: Sequence[str]
    val: str | None
    out: Path
    recipe: str | None = None
    settings: Sequence[str] = ()
    judge: Sequence[str] = ()
    drop_overlap: bool = False
    data_root: Path | None = None
    device: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)


def train_by_recipe(wish: Wish, progress: Progress) -> Path:
    """Train a model by a paper's recipe; returns the file of the best weights.

    Raises:
        RebenchError: no such model, recipe, split or device; training images that are judged on.
    """
    name, _, variant = wish.model.partition(":")
    learner = _entry(RECIPES, name, "recipe")
    if wish.val is None:
        raise RebenchError("give --val SPLIT: it decides which weights are kept (refcoco:val, scenes:val)")
    names = tuple(dict.fromkeys(map(resolve_name, wish.splits)))
    without, judged = _without(wish, names)
    splits = tuple(load_split(split, wish.data_root) for split in names)
    request = Request(
        variant=variant or None,
        recipe=wish.recipe,
        settings=tuple(wish.settings),
        train=splits,
        val=load_split(wish.val, wish.data_root),
        without=without,
        judged=judged,
        out=wish.out,
        device=find_device(wish.device).spec,
        **wish.options,
    )
    return learner.load().train(request, progress)


def show_recipe(wish: Wish) -> dict[str, Any]:
    """The fields of the recipe that `train_by_recipe` would train by. Raises RebenchError as it does."""
    name, _, variant = wish.model.partition(":")
    learner = _entry(RECIPES, name, "recipe").load()
    learner.find_variant(variant or None)
    return asdict(learner.recipe(wish.recipe, wish.settings, map(resolve_name, wish.splits)))


def _without(wish: Wish, names: tuple[str, ...]) -> tuple[frozenset[int], tuple[str, ...]]:
    """The training images to leave out, and for which splits. Raises RebenchError if they were to stay."""
    from rebench.data.overlap import find_leak, judged_by_default

    judged = wish.judge or judged_by_default(names, wish.data_root)
    judged = tuple(dict.fromkeys(map(resolve_name, [str(wish.val), *judged])))
    if both := set(judged) & set(names):
        raise RebenchError(f"cannot train on {', '.join(sorted(both))} and judge by it: give another --val")
    leak = find_leak(names, judged, wish.data_root)
    if leak.images and not wish.drop_overlap:
        raise RebenchError(
            f"{leak}: training on them is training on the test. --drop-overlap leaves them out "
            f"({len(leak.images):,}); --judge SPLIT names what will be judged, if not all of these"
        )
    return leak.images, judged


def train(
    spec: str,
    split: str,
    out: Path,
    *,
    pictures: int,
    device: str,
    options: Mapping[str, Any],
    report: Callable[[int, dict[str, float]], None],
    fresh: bool = False,
) -> Path:
    """Train a tiny variant on a training part of the scenes; validates on `scenes:val`.

    Args:
        spec: a registered name with its variant, `safire:tiny`.
        options: fields of the recipe that differ from its defaults; None counts as not given.

    Returns:
        The file of the trained weights.

    Raises:
        RebenchError: no trainer of that name, or a split that is not for training.
    """
    name, _, variant = spec.partition(":")
    entry = _entry(SCENES, name, "trainer")
    if split not in ("scenes", "scenes:train"):
        raise RebenchError(
            f"cannot train on {split!r}: of the scenes, their training part alone is for that; give --split "
            "scenes, and --pictures to say how many"
        )
    place = find_device(device)
    data = load_split(f"scenes:train-{pictures}"), load_split("scenes:val")
    given = {key: value for key, value in options.items() if value is not None}
    try:
        return entry.load()(variant or None, *data, out, place.spec, given, report, fresh)
    except ValueError as error:
        raise RebenchError(str(error)) from error


def _entry(group: str, name: str, what: str) -> Any:
    entries = {entry.name: entry for entry in entry_points(group=group)}
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none is registered: pip install -e ."
        raise RebenchError(f"no {what} for {name!r}; known: {known}")
    return entries[name]
