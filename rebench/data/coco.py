"""COCO's side of the RefCOCO family: pictures and their annotated objects, out of `instances.json`."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from rebench.data import masks
from rebench.data.fields import as_type, field, read_json
from rebench.data.images import read_image
from rebench.data.split import Counts, Image, Instance, OverlapRule, Rle, Sample, Split
from rebench.errors import RebenchError

IMAGE_FOLDER = "train2014"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One object as annotated; `area` in pixels as the file says it, None where it does not."""

    annotation_id: int
    image_id: int
    category: str
    crowd: bool
    segmentation: Any = dataclass_field(repr=False)
    area: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with all its annotated objects by annotation id; sizes in pixels."""

    image_id: int
    file_name: str
    height: int
    width: int
    annotations: dict[int, Annotation] = dataclass_field(default_factory=dict, repr=False)


def read_instances(path: Path, image_ids: Collection[int]) -> dict[int, Picture]:
    """The pictures of an `instances.json` that are asked for, as far as it has them.

    Raises:
        RebenchError: if the file is missing, broken or lacks a key.
    """
    document = read_json(path)
    categories = {
        field(record, "id", int, where): field(record, "name", str, where)
        for record, where in _records(document, "categories", path)
    }
    pictures = {}
    for record, where in _records(document, "images", path):
        if field(record, "id", int, where) in image_ids:
            picture = _picture(record, where)
            pictures[picture.image_id] = picture
    for record, where in _records(document, "annotations", path):
        if (picture_of := pictures.get(field(record, "image_id", int, where))) is not None:
            annotation = _annotation(record, categories, where)
            picture_of.annotations[annotation.annotation_id] = annotation
    return pictures


def merge_pictures(sources: Iterable[tuple[Path, dict[int, Picture]]]) -> dict[int, Picture]:
    """The pictures of several files as one; annotations with the same id are the same object.

    Raises:
        RebenchError: if two files disagree on the size or the name of a picture.
    """
    merged: dict[int, Picture] = {}
    for path, pictures in sources:
        for image_id, picture in pictures.items():
            known = merged.get(image_id)
            if known is None:
                merged[image_id] = picture
                continue
            if (known.file_name, known.height, known.width) != (
                picture.file_name,
                picture.height,
                picture.width,
            ):
                raise RebenchError(f"{path}: image {image_id} has another size or file name than elsewhere")
            both = {**picture.annotations, **known.annotations}
            merged[image_id] = Picture(image_id, known.file_name, known.height, known.width, both)
    return merged


class CocoSplit(Split):
    """A split over COCO pictures, read from files in the released layout.

    Attributes:
        pictures: every picture of the split by image id.
        referents: the annotation that a ref points to, by `<dataset>/<ref_id>`.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        samples: Sequence[Sample],
        pictures: Mapping[int, Picture],
        referents: Mapping[str, Annotation],
        official: Counts | None,
    ) -> None:
        self.name = name
        self.root = root
        self.samples = samples
        self.pictures = pictures
        self.referents = referents
        self.official = official

    def image_path(self, image_id: int) -> Path:
        """Where the picture lies. Raises RebenchError if the split has no such picture."""
        return self.root / IMAGE_FOLDER / self._picture(image_id).file_name

    def image(self, image_id: int) -> Image:
        """The picture, uint8 (H, W, 3) RGB, at its annotated size (see `read_image`)."""
        picture = self._picture(image_id)
        return read_image(self.image_path(image_id), picture.height, picture.width)

    def annotation(self, sample: Sample) -> Annotation:
        """The annotated object that the sample refers to."""
        return self.referents[sample.sample_id.rsplit("/", 1)[0]]

    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        """The mask of the referent. Raises RebenchError naming the annotation if it cannot be decoded."""
        return _mask(self.annotation(sample), self._picture(sample.image_id), overlap)

    def segmentation(self, sample: Sample) -> Any:
        """The referent as its file annotates it: polygons, or run lengths."""
        return self.annotation(sample).segmentation

    def instances(self, image_id: int) -> Sequence[Instance]:
        """Every annotated object of the picture by annotation id, crowds included; masks by `union`."""
        picture = self._picture(image_id)
        return [
            Instance(a.annotation_id, a.category, a.crowd, _mask(a, picture))
            for _, a in sorted(picture.annotations.items())
        ]

    def _picture(self, image_id: int) -> Picture:
        try:
            return self.pictures[image_id]
        except KeyError:
            raise RebenchError(f"split {self.name} has no image {image_id}") from None


def _mask(annotation: Annotation, picture: Picture, overlap: OverlapRule = "union") -> Rle:
    try:
        return masks.from_annotation(annotation.segmentation, picture.height, picture.width, overlap)
    except RebenchError as error:
        raise RebenchError(
            f"annotation {annotation.annotation_id} of image {picture.image_id}: {error}"
        ) from None


def _records(document: dict[str, Any], key: str, path: Path) -> Iterator[tuple[Any, str]]:
    records = field(document, key, list, str(path))
    return ((record, f"{path}: {key}[{i}]") for i, record in enumerate(records))


def _picture(record: Any, where: str) -> Picture:
    file_name = field(record, "file_name", str, where)
    if not file_name or Path(file_name).name != file_name or "\0" in file_name:
        raise RebenchError(f"{where}: {file_name!r} is not a plain file name")
    height, width = field(record, "height", int, where), field(record, "width", int, where)
    if not (0 < height <= masks.MAX_SIDE and 0 < width <= masks.MAX_SIDE):
        raise RebenchError(f"{where}: a picture of {height} x {width} pixels")
    return Picture(field(record, "id", int, where), file_name, height, width)


def _annotation(record: Any, categories: Mapping[int, str], where: str) -> Annotation:
    category_id = field(record, "category_id", int, where)
    if category_id not in categories:
        raise RebenchError(f"{where}: category_id {category_id} is not among the categories")
    area = record.get("area")
    usable = isinstance(area, int | float) and not isinstance(area, bool) and math.isfinite(area)
    return Annotation(
        annotation_id=field(record, "id", int, where),
        image_id=field(record, "image_id", int, where),
        category=categories[category_id],
        crowd=bool(as_type(record.get("iscrowd", 0), int, f'{where}, key "iscrowd"')),
        segmentation=record.get("segmentation"),
        area=float(area) if usable else None,
    )
