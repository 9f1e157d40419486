"""A split of stripes, masks on it, and the description of a board of it."""

import json

import numpy as np

from rebench.data.masks import encode
from rebench.data.split import Instance, Sample, Split
from rebench.leaderboard.entry import Details
from rebench.leaderboard.schema import METRICS, Board

HEIGHT, WIDTH, PICTURES = 12, 16, 6


class Stripes(Split):
    """Six pictures with two dogs each, two expressions for the left one; all four groups occur."""

    name = "stripes:test"
    labels = "gold"

    def __init__(self, pictures=PICTURES, text="the dog on the left"):
        self.samples = [
            Sample(f"stripes/{i}/{j}", i, i, j, 10 * i, text, HEIGHT, WIDTH, "dog", bool(i % 2), bool(j))
            for i in range(pictures)
            for j in range(2)
        ]

    def image(self, image_id):
        return np.full((HEIGHT, WIDTH, 3), 30 * image_id, np.uint8)

    def mask(self, image_id, shift=0):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[:, 1 + shift : 5 + image_id % 3 + shift] = True
        return mask

    def target(self, sample, overlap="union"):
        return encode(self.mask(sample.image_id))

    def instances(self, image_id):
        other = np.zeros((HEIGHT, WIDTH), bool)
        other[:, 12:] = True
        masks = [self.mask(image_id), other]
        return [Instance(10 * image_id + k, "dog", False, encode(mask)) for k, mask in enumerate(masks)]


def shifted(split, shift, wrong=0):
    """Masks by sample id: the referent shifted, in the last pictures more."""
    late = range(PICTURES - wrong, PICTURES)
    return {
        s.sample_id: encode(split.mask(s.image_id, shift + (6 if s.image_id in late else 0)))
        for s in split.samples
    }


def write_masks(path, masks):
    rows = ({"sample_id": name, "rle": rle["counts"]} for name, rle in masks.items())
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def description(split, /, **changes):
    """A board of the split, as types."""
    return Board.model_validate(
        {
            "name": "stripes",
            "title": "Stripes",
            "split": split.name,
            "manifest_sha256": split.manifest.sha256,
            "images": split.counts.images,
            "expressions": len(split.samples),
            "protocol": "original",
            "metrics": tuple(METRICS),
            "primary": "oiou",
            "interval": {"level": 0.95, "resamples": 200, "seed": 0},
            "eligible": {"sources": ("measured", "author", "paper"), "coverage": 1.0, "overlap": None},
            "link": None,
        }
        | changes
    )


NOTHING = Details(trained_on=("nothing",))
