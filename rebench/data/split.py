"""What a split is: expressions, each with the object it refers to, over a set of images."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""An RGB picture, uint8 (H, W, 3)."""

OverlapRule = Literal["union", "released"]
"""How the polygons of one object become a mask: `union` keeps what any polygon covers; `released` keeps
what exactly one covers, as the REFER API's readers do (they sum the parts and compare with 1)."""


class Rle(TypedDict):
    """A mask as COCO compressed run lengths: size is [height, width], counts is ASCII."""

    size: list[int]
    counts: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One expression and the object it refers to.

    Attributes:
        sample_id: `<dataset>/<ref_id>/<sent_id>`, stable across versions, unique in its split.
        object_distracting: the data set's own label; None where it has none and the tagger decides.
        category_implicit: likewise.
    """

    sample_id: str
    image_id: int
    ref_id: int
    sent_id: int
    annotation_id: int
    expression: str
    height: int
    width: int
    category: str
    object_distracting: bool | None = None
    category_implicit: bool | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One annotated object of a picture. A crowd is a region of many objects, never a referent."""

    annotation_id: int
    category: str
    crowd: bool
    rle: Rle


@dataclass(frozen=True, slots=True)
class Counts:
    """How large a split is; None where its authors do not say."""

    images: int | None = None
    refs: int | None = None
    expressions: int | None = None


@dataclass(frozen=True)
class Manifest:
    """The identity of a split: its samples in order, and the hash of what defines them."""

    split: str
    samples: Sequence[Sample] = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over one line per sample: id, image, annotation, height, width, expression."""
        digest = hashlib.sha256()
        for s in self.samples:
            row = (s.sample_id, s.image_id, s.annotation_id, s.height, s.width, s.expression)
            digest.update(("\t".join(map(str, row)) + "\n").encode())
        return digest.hexdigest()


class Split(ABC):
    """A named set of samples with their pictures and masks, read lazily.

    `samples` are ordered so that the expressions of one image stand together.
    """

    name: str
    samples: Sequence[Sample]
    official: Counts | None = None
    """The published size, where there is one: a split of another size says so everywhere."""
    labels: str = "tagger"
    """Where the group flags come from: "gold" (in the data) or "tagger"."""

    @abstractmethod
    def image(self, image_id: int) -> Image:
        """The picture, uint8 (H, W, 3) RGB. Raises RebenchError if it cannot be read as annotated."""

    @abstractmethod
    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        """The mask of the referent at the original size. Raises RebenchError if it cannot be decoded."""

    def segmentation(self, sample: Sample) -> Any:
        """The referent as annotated, COCO polygons or run lengths; its mask where there is nothing else."""
        return self.target(sample)

    @abstractmethod
    def instances(self, image_id: int) -> Sequence[Instance]:
        """Every annotated object of the picture, crowds included."""

    @cached_property
    def manifest(self) -> Manifest:
        """The identity of this split as it lies on disk."""
        return Manifest(self.name, self.samples)

    @cached_property
    def counts(self) -> Counts:
        """The size of this split as it lies on disk."""
        refs = {(s.sample_id.rsplit("/", 1)[0]) for s in self.samples}
        return Counts(len({s.image_id for s in self.samples}), len(refs), len(self.samples))

    @property
    def whole(self) -> bool:
        """Whether every official expression is here (true where no official size is known)."""
        official = self.official.expressions if self.official else None
        return official is None or official == len(self.samples)

    @property
    def coverage(self) -> str:
        """The size in words: "188 of 7,050 expressions", or "3,000 expressions" for a whole split."""
        n = len(self.samples)
        if self.whole or self.official is None:
            return f"{n:,} expressions"
        return f"{n:,} of {self.official.expressions:,} expressions"
