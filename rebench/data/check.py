"""What of a split is there, what is missing and where to get it, and whether it is what was released."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rebench.data import masks
from rebench.data.catalogue import (
    CATALOGUE,
    data_root,
    existing_root,
    load_split,
    resolve_name,
    split_names,
)
from rebench.data.coco import IMAGE_FOLDER, CocoSplit
from rebench.data.declaration import COCO_HOME, Declaration
from rebench.data.images import check_header
from rebench.data.manifest import size_of
from rebench.data.split import Counts, Split
from rebench.errors import RebenchError

AREA_TOLERANCE = 0.01
"""Largest difference of a decoded target from its annotated area, as a share of the latter."""

Progress = Callable[[str, int, int], None]
"""Called with the split's name, the pictures looked at so far and all of them."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file of the released layout under the data root; `size` in bytes, None where it is missing."""

    path: str
    size: int | None
    home: str


@dataclass(slots=True)
class SplitCheck:
    """What `rebench data check` found of one split; it is fine where there are no problems."""

    name: str
    deep: bool
    files: list[FileState] = field(default_factory=list)
    official: Counts | None = None
    counts: Counts | None = None
    coverage: str | None = None
    sha256: str | None = None
    pinned: str | None = None
    pictures: int = 0
    missing_pictures: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether the split is whole and as released."""
        return not self.problems

    def document(self) -> dict[str, Any]:
        """The findings as a JSON object."""
        return {**asdict(self), "fine": self.fine}


def root_to_check(given: str | os.PathLike[str] | None = None) -> Path:
    """The data root; it may be missing only where nobody named it. Raises RebenchError."""
    named = given is not None or os.environ.get("REBENCH_DATA")
    return existing_root(given) if named else data_root(given)


def check_splits(
    names: Sequence[str], root: Path, deep: bool = False, progress: Progress | None = None
) -> list[SplitCheck]:
    """Check the splits of these names, all we know if there are none.

    Args:
        names: of splits; aliases will do.
        root: the data root.
        deep: decode every picture and every mask instead of reading the pictures' headers.
        progress: is told about every picture.

    Raises:
        RebenchError: if a name is unknown. What is wrong with the data is in the result.
    """
    canonical = dict.fromkeys(resolve_name(name) for name in names or split_names())
    return [check_split(name, root, deep, progress) for name in canonical]


def check_split(name: str, root: Path, deep: bool = False, progress: Progress | None = None) -> SplitCheck:
    """Check one split; see `check_splits`."""
    check = SplitCheck(name, deep)
    declaration = CATALOGUE.get(name)
    if declaration is not None:
        _check_files(check, declaration, root)
    else:
        from rebench.scenes.split import PINNED

        check.pinned = PINNED.get(name)  # the scenes refuse to load if theirs is another
    if check.problems:
        return check
    try:
        split = load_split(name, root)
    except RebenchError as error:
        check.problems.append(str(error))
        return check
    _check_counts(check, split)
    check.problems += dict.fromkeys(_picture_problems(check, split, progress))
    if check.missing_pictures:
        check.problems.append(
            f"{len(check.missing_pictures):,} of {check.pictures:,} pictures are missing from {IMAGE_FOLDER} "
            f"(the first is {check.missing_pictures[0]}): get them from {COCO_HOME}"
        )
    return check


def _check_files(check: SplitCheck, declaration: Declaration, root: Path) -> None:
    check.official = declaration.official
    for path, home in declaration.files:
        problem = f"{path} is missing: get it from {home}"
        try:
            size = size_of(root / path)
        except RebenchError as error:
            size, problem = None, str(error)
        check.files.append(FileState(path, size, home))
        if size is None:
            check.problems.append(problem)


def _check_counts(check: SplitCheck, split: Split) -> None:
    check.official, check.counts = split.official, split.counts
    check.coverage, check.sha256 = split.coverage, split.manifest.sha256
    if split.official is None:
        return
    here, official = asdict(split.counts), asdict(split.official)
    parts = [f"{here[k]:,} of {n:,} {k}" for k, n in official.items() if n is not None and here[k] != n]
    if parts:
        check.problems.append(f"not the official split: {', '.join(parts)}")


def _picture_problems(check: SplitCheck, split: Split, progress: Progress | None) -> Iterator[str]:
    samples_of: dict[int, list[Any]] = {}
    for sample in split.samples:
        samples_of.setdefault(sample.image_id, []).append(sample)
    check.pictures = len(samples_of)
    for i, (image_id, samples) in enumerate(samples_of.items()):
        try:
            if isinstance(split, CocoSplit) and size_of(path := split.image_path(image_id)) is None:
                check.missing_pictures.append(path.name)
            elif check.deep:
                split.image(image_id)
            elif isinstance(split, CocoSplit):
                check_header(path, samples[0].height, samples[0].width)
        except RebenchError as error:
            yield str(error)
        if check.deep:
            yield from _mask_problems(split, image_id, samples)
        if progress is not None:
            progress(check.name, i + 1, check.pictures)


def _mask_problems(split: Split, image_id: int, samples: Sequence[Any]) -> Iterator[str]:
    try:
        split.instances(image_id)
    except RebenchError as error:
        yield str(error)
    for sample in {s.annotation_id: s for s in samples}.values():
        try:
            decoded = masks.area(split.target(sample))
        except RebenchError as error:
            yield str(error)
            continue
        annotated = split.annotation(sample).area if isinstance(split, CocoSplit) else None
        where = f"annotation {sample.annotation_id} of image {image_id}"
        if decoded == 0:
            yield f"{where} decodes to an empty mask"
        elif annotated and abs(decoded - annotated) > AREA_TOLERANCE * annotated:
            yield f"{where} decodes to {decoded:,} pixels, annotated are {annotated:,.1f}"
