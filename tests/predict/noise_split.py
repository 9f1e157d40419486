"""A split of noise: small, deterministic, in memory, its referents boxes."""

import os

import numpy as np

from rebench.data import masks
from rebench.data.split import Image, Instance, OverlapRule, Rle, Sample, Split
from rebench.errors import RebenchError


class NoiseSplit(Split):
    """`images` pictures of 20 x 24 pixels with `per_image` expressions each, about two boxes."""

    labels = "gold"

    def __init__(
        self, images: int = 4, per_image: int = 3, name: str = "noise:test", broken: tuple[int, ...] = ()
    ):
        self.name = name
        self.broken = broken
        self.samples = [self._sample(i, k) for i in range(images) for k in range(per_image)]

    @staticmethod
    def _sample(i: int, k: int) -> Sample:
        expression = ("left one", "the noisy box", "")[k % 3] + (f" {k}" if k > 2 else "")
        ref = 10 * i + k % 2
        return Sample(f"noise/{ref}/{k}", i, ref, k, ref, expression, 20, 24, "box", k % 2 == 0, k % 3 == 0)

    def image(self, image_id: int) -> Image:
        if image_id in self.broken:
            raise RebenchError(f"image {image_id} is truncated")
        return np.random.default_rng(image_id).integers(0, 256, (20, 24, 3), np.uint8)

    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        return self._box(sample.annotation_id)

    def instances(self, image_id: int) -> list[Instance]:
        return [Instance(10 * image_id + n, "box", False, self._box(10 * image_id + n)) for n in range(2)]

    @staticmethod
    def _box(annotation_id: int) -> Rle:
        mask = np.zeros((20, 24), bool)
        left = 12 * (annotation_id % 10)
        mask[5:15, left : left + 10] = True
        return masks.encode(mask)


def results(path: os.PathLike[str]) -> tuple[bytes, bytes]:
    """The bytes that must not depend on how a run came about."""
    return tuple(open(os.path.join(path, name), "rb").read() for name in ("scores.parquet", "summary.json"))
