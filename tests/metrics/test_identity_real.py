"""Identity on photographs, where there are some: every row against the rule on decoded masks."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_identity import plain_identity
from scipy import ndimage

from rebench.data.catalogue import load_split
from rebench.data.masks import decode, encode
from rebench.metrics.scoring import score_predictions

SPLITS = ("arefcoco:test", "arefcoco:train", "refcoco:testA", "refcoco:testB", "refcoco:val", "refcoco:train",
          "refcocog:test", "refcocog:val", "refcocog:train")  # fmt: skip


@pytest.fixture(scope="module")
def root():
    folder = Path(os.environ.get("REBENCH_REAL_DATA", ""))
    if not (folder / "arefcoco" / "arefcoco.json").is_file():
        pytest.skip("no photographs: set REBENCH_REAL_DATA to a data root that has some")
    return folder


def some_mask(target, rivals, crowds, rng):
    """Masks as models make them: right, wrong, several, all, shifted, in part, large, on a crowd, none."""
    things = [target, *rivals]
    one, other = (things[rng.integers(len(things))] for _ in range(2))
    kinds = (
        lambda: one,
        lambda: one | other,
        lambda: np.logical_or.reduce(things),
        lambda: np.roll(one, rng.integers(-60, 60, 2), (0, 1)),
        lambda: one & (rng.random(one.shape) < rng.random()),
        lambda: ndimage.binary_dilation(one, iterations=int(rng.integers(1, 25))),
        lambda: np.logical_or.reduce(crowds) if crowds else ~one,
        lambda: np.zeros_like(one),
    )
    return kinds[rng.integers(len(kinds))]()


@pytest.mark.parametrize("name", SPLITS)
def test_every_row_is_what_the_pixels_say(root, name):
    split, rng = load_split(name, root), np.random.default_rng(5)
    masks, expected = {}, []
    for sample in split.samples:
        here = [i for i in split.instances(sample.image_id) if i.category == sample.category]
        target = decode(split.target(sample))
        rivals = [i for i in here if not i.crowd and i.annotation_id != sample.annotation_id]
        decoded, crowds = [decode(i.rle) for i in rivals], [decode(i.rle) for i in here if i.crowd]
        mask = masks[sample.sample_id] = some_mask(target, decoded, crowds, rng)
        outcome, leader, score = plain_identity(mask, target, decoded, crowds)
        ids = [sample.annotation_id, *(i.annotation_id for i in rivals)]
        expected.append((outcome, -1 if leader is None else ids[leader], pytest.approx(score), len(ids)))
    rows = {
        "sample_id": [s.sample_id for s in split.samples],
        "height": [s.height for s in split.samples],
        "width": [s.width for s in split.samples],
        "rle": [encode(masks[s.sample_id])["counts"] for s in split.samples],
        "status": "ok",
        "error": None,
    }
    scores = score_predictions(split, pd.DataFrame(rows)).scores
    columns = (scores[name].tolist() for name in ("outcome", "assigned", "assignment", "candidates"))
    assert list(zip(*columns, strict=True)) == expected
