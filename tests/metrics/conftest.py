"""A split without files: flat pictures, rectangles as objects."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from rebench.data.masks import encode
from rebench.data.split import Instance, Rle, Sample, Split
from rebench.errors import RebenchError


def box(height: int, width: int, top: int, left: int, rows: int, columns: int) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[top : top + rows, left : left + columns] = True
    return mask


class BoxSplit(Split):
    """Objects are masks by annotation id; an object of None cannot be decoded."""

    name = "boxes:test"

    def __init__(self, samples: Sequence[Sample], objects: dict[int, np.ndarray | None], crowds=()):
        self.samples = samples
        self.objects = objects
        self.crowds = set(crowds)
        self.decoded: list[int] = []

    def image(self, image_id: int) -> np.ndarray:
        sample = next(s for s in self.samples if s.image_id == image_id)
        return np.zeros((sample.height, sample.width, 3), np.uint8)

    def target(self, sample: Sample, overlap: str = "union") -> Rle:
        self.decoded.append(sample.annotation_id)
        mask = self.objects[sample.annotation_id]
        if mask is None:
            raise RebenchError(f"annotation {sample.annotation_id}: polygon of two points")
        return encode(mask)

    def instances(self, image_id: int) -> Sequence[Instance]:
        return [
            Instance(number, "dog" if number % 100 < 50 else "cat", number in self.crowds, encode(mask))
            for number, mask in self.objects.items()
            if number // 100 == image_id and mask is not None
        ]


def sample(
    number: int, image: int, annotation: int, *, od=None, ci=None, expression="the dog", size=(10, 12)
):
    height, width = size
    return Sample(
        sample_id=f"boxes/{annotation}/{number}",
        image_id=image,
        ref_id=annotation,
        sent_id=number,
        annotation_id=annotation,
        expression=expression,
        height=height,
        width=width,
        category="dog",
        object_distracting=od,
        category_implicit=ci,
    )


@pytest.fixture
def make_sample():
    return sample


@pytest.fixture
def make_split():
    return BoxSplit


@pytest.fixture
def predictions():
    """Rows of predictions.parquet: a mask, or the text of an error, by sample id."""

    def build(split: Split, answers: dict[str, np.ndarray | str]) -> pd.DataFrame:
        sizes = {s.sample_id: (s.height, s.width) for s in split.samples}
        rows = []
        for name, answer in answers.items():
            height, width = sizes.get(name, (10, 12))
            row = {
                "sample_id": name,
                "height": height,
                "width": width,
                "rle": None,
                "status": "failed",
                "error": None,
            }
            if isinstance(answer, str):
                rows.append({**row, "error": answer})
            else:
                rows.append({**row, "rle": encode(answer)["counts"], "status": "ok"})
        return pd.DataFrame(rows, columns=["sample_id", "height", "width", "rle", "status", "error"])

    return build


@pytest.fixture
def split() -> BoxSplit:
    """Three images of 10 x 12; two dogs and a cat in the first, a crowd in the second."""
    objects = {
        101: box(10, 12, 0, 0, 5, 4),  # 20 pixels
        102: box(10, 12, 0, 2, 5, 4),  # 20 pixels, 10 of them shared with 101
        151: box(10, 12, 5, 0, 5, 5),
        201: box(10, 12, 0, 0, 10, 6),  # 60 pixels
        202: box(10, 12, 0, 6, 10, 6),  # a crowd
        301: box(10, 12, 2, 2, 2, 5),  # 10 pixels
    }
    samples = [
        sample(0, 1, 101, od=False, ci=False),
        sample(1, 1, 101, od=True, ci=False),
        sample(2, 1, 102, od=False, ci=True),
        sample(3, 2, 201, od=True, ci=True),
        sample(4, 3, 301, od=False, ci=False),
    ]
    return BoxSplit(samples, objects, crowds=[202])
