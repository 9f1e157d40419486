"""Training data as declared, and how many of the test images are in it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rebench.data.catalogue import CATALOGUE, resolve_name
from rebench.data.split import Split
from rebench.errors import RebenchError

NOTHING = "nothing"
"""What a model declares that was trained on nothing."""


def declared(names: Iterable[str], split: Split, root: str | Path | None = None) -> dict[str, Any]:
    """The declaration and its overlap with the split, as `schema.Training`.

    Args:
        names: splits that we know ("refcoco:train"), and any other training data in its own words.
        split: what is judged on.
        root: the data root, where the images of training splits are looked up.
    """
    splits, other = [], []
    for name in dict.fromkeys(names):
        try:
            splits.append(resolve_name(name))
        except RebenchError:
            other.append(name)
    other = [name for name in other if name != NOTHING]
    return {"splits": splits, "other": other, "overlap": overlap(splits, other, split, root)}


def overlap(
    splits: Iterable[str], other: Iterable[str], split: Split, root: str | Path | None = None
) -> dict[str, Any]:
    """The images of the split that training has seen, as `schema.Overlap`.

    Of a training split that is only partly here, what is here counts, and it is named as unknown too.
    """
    tested = {sample.image_id for sample in split.samples}
    seen: set[int] = set()
    unknown = list(other)
    for name in splits:
        found, whole = _images(name, split, root)
        seen |= tested & found
        if not whole:
            unknown.append(name)
    return {"images": len(seen), "share": len(seen) / len(tested) if tested else 0.0, "unknown": unknown}


def _images(name: str, split: Split, root: str | Path | None) -> tuple[frozenset[int], bool]:
    """The images of a training split that can be looked up here, and whether these are all of them.

    Scenes have images of their own, and other ones in every part: no need to draw them.
    """
    from rebench.data.overlap import find_overlap

    if name == split.name:
        return frozenset(sample.image_id for sample in split.samples), True
    if "scenes" in (name.partition(":")[0], split.name.partition(":")[0]):
        return frozenset(), True
    if name not in CATALOGUE:
        return frozenset(), False
    try:
        found = find_overlap([name], root).images[name]
    except RebenchError:
        return frozenset(), False
    official = CATALOGUE[name].official
    return found, official is None or official.images == len(found)
