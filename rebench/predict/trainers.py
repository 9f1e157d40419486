"""Training of registered models, found by the entry points `rebench.trainers`."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from rebench.data.catalogue import load_split
from rebench.errors import RebenchError
from rebench.predict.device import find_device

GROUP = "rebench.trainers"


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
    """Train a model on a training part of the scenes; validates on `scenes:val`.

    Args:
        spec: a registered name with its variant, `safire:tiny`.
        options: fields of the recipe that differ from its defaults; None counts as not given.

    Returns:
        The file of the trained weights.

    Raises:
        RebenchError: no trainer of that name, or a split that is not for training.
    """
    name, _, variant = spec.partition(":")
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none is registered: pip install -e ."
        raise RebenchError(f"no trainer for {name!r}; known: {known}")
    if split not in ("scenes", "scenes:train"):
        raise RebenchError(f"cannot train on {split!r}: only the scenes have a recipe; give --split scenes")
    place = find_device(device)
    data = load_split(f"scenes:train-{pictures}"), load_split("scenes:val")
    given = {key: value for key, value in options.items() if value is not None}
    try:
        return entries[name].load()(variant or None, *data, out, place.spec, given, report, fresh)
    except ValueError as error:
        raise RebenchError(str(error)) from error
