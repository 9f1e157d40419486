"""Which splits share images: a model that trained on an image has seen the answers to it.

The RefCOCO family, and aRefCOCO with it, is drawn from one set of photographs (COCO train2014), each data
set with its own partition. An image id is therefore the same photograph everywhere. The scenes have images
of their own, with higher ids than any photograph.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rebench.data.catalogue import CATALOGUE, existing_root, resolve_name
from rebench.data.declaration import ORIGINALS, Declaration
from rebench.errors import RebenchError

Ids = frozenset[int]


@dataclass(frozen=True, slots=True)
class Shared:
    """Images of `split` that `other` has too; `share` is their fraction of the images of `split`."""

    split: str
    other: str
    images: int
    share: float


@dataclass(frozen=True)
class Overlap:
    """The images of several splits.

    Attributes:
        images: their image ids, by the name of the split, as far as they are on disk.
        missing: the known splits that are not at hand, each with the reason.
    """

    images: Mapping[str, Ids]
    missing: Mapping[str, str]

    def shared(self, split: str, other: str) -> Shared:
        """What two of the splits have in common."""
        own = self.images[split]
        count = len(own & self.images[other])
        return Shared(split, other, count, count / len(own) if own else 0.0)

    def rows(self) -> list[list[Shared]]:
        """The matrix: of every split, what it shares with each (itself included)."""
        return [[self.shared(split, other) for other in self.images] for split in self.images]


def find_overlap(names: Iterable[str] = (), root: str | Path | None = None) -> Overlap:
    """The images of the named splits, or of all known ones that are at hand.

    Reads the expression files alone, neither annotations nor pictures.

    Args:
        names: splits as the command line names them; none means all of the released data sets.
        root: the data root, as for `load_split`.

    Raises:
        RebenchError: a split that does not exist; one that was named and cannot be read.
    """
    wanted = [resolve_name(name) for name in names]
    reader = _ImageReader(root)
    images: dict[str, Ids] = {}
    missing: dict[str, str] = {}
    for name in wanted or CATALOGUE:
        try:
            images[name] = reader.images(name)
        except RebenchError as error:
            if wanted:
                raise
            missing[name] = str(error)
    return Overlap(images, missing)


@dataclass(frozen=True)
class Leak:
    """What training would see of what is judged.

    Attributes:
        pairs: of every training split and every judged one that share images, how many.
        images: all these images.
    """

    pairs: tuple[Shared, ...]
    images: Ids

    def __str__(self) -> str:
        """ "refcoco:train shares 2 images with arefcoco:test and 1 with refcocog:val"."""
        texts = []
        for split in dict.fromkeys(pair.split for pair in self.pairs):
            own = [pair for pair in self.pairs if pair.split == split]
            others = [f"{p.images:,} image{'s' * (p.images > 1)} with {p.other}" for p in own]
            texts.append(f"{split} shares {' and '.join(others)}")
        return "; ".join(texts)


def find_leak(train: Sequence[str], judged: Sequence[str], root: str | Path | None = None) -> Leak:
    """The images that training splits share with judged ones. Raises RebenchError if one is not at hand."""
    train, judged = (list(dict.fromkeys(map(resolve_name, names))) for names in (train, judged))
    found = find_overlap([*train, *judged], root)
    pairs = [found.shared(split, other) for split in train for other in judged]
    images = [found.images[pair.split] & found.images[pair.other] for pair in pairs]
    return Leak(tuple(pair for pair in pairs if pair.images), frozenset().union(*images))


def judged_by_default(trained_on: Sequence[str], root: str | Path | None = None) -> list[str]:
    """The splits that a model trained on `trained_on` is judged on unless somebody says otherwise.

    All val and test parts of the same data sets, and aRefCOCO's test part; of those, what is at hand.
    """
    datasets = {name.partition(":")[0] for name in map(resolve_name, trained_on)}
    found = ["scenes:val", "scenes:test"] if "scenes" in datasets else []
    if datasets == {"scenes"}:
        return found
    reader = _ImageReader(root)
    for name in CATALOGUE:
        dataset, _, part = name.partition(":")
        if not part.startswith("train") and (dataset in datasets or name == "arefcoco:test"):
            try:
                reader.images(name)
            except RebenchError:
                continue
            found.append(name)
    return found


class _ImageReader:
    """Image ids by split; every file is read once."""

    def __init__(self, root: str | Path | None) -> None:
        self._given = root
        self._refs: dict[Path, dict[int, tuple[str, int]]] = {}

    def images(self, name: str) -> Ids:
        """The image ids of a split. Raises RebenchError if it is not at hand or has no expression."""
        declaration = CATALOGUE.get(name)
        if declaration is None:
            from rebench.data.catalogue import load_split

            return frozenset(sample.image_id for sample in load_split(name).samples)
        root = existing_root(self._given)
        found = self._arefcoco(declaration, root) if declaration.folder == "arefcoco" else None
        if found is None:
            refs = self._read(root / declaration.folder / declaration.refs_file)
            found = frozenset(image for split, image in refs.values() if split in declaration.split_values)
        if not found:
            raise RebenchError(f"{root / declaration.files[0][0]} has no expression of {name}")
        return found

    def _arefcoco(self, declaration: Declaration, root: Path) -> Ids:
        from rebench.data.arefcoco import read_entities

        path = root / declaration.folder / declaration.refs_file
        ids = set()
        for entity in read_entities(path):
            if entity.split not in declaration.split_values:
                continue
            refs = self._read(root / entity.original / ORIGINALS[entity.original])
            if entity.ref_id not in refs:
                raise RebenchError(
                    f"{path}: entity {entity.entity_id}: ref_id {entity.ref_id} is not in {entity.original}"
                )
            ids.add(refs[entity.ref_id][1])
        return frozenset(ids)

    def _read(self, path: Path) -> dict[int, tuple[str, int]]:
        """Split and image by ref_id."""
        if path not in self._refs:
            from rebench.data.refer import read_refs

            self._refs[path] = {ref.ref_id: (ref.split, ref.image_id) for ref in read_refs(path)}
        return self._refs[path]
