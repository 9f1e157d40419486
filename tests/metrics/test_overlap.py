import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rebench.data.masks import encode
from rebench.errors import RebenchError
from rebench.metrics import iou, score_samples
from rebench.metrics.overlap import overlap

PAIRS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape))
)
SQUARE = {"segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]], "height": 8, "width": 8}


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_overlap_counts_what_the_pixels_say(pair):
    a, b = pair
    counts = overlap(encode(a), encode(b))
    assert counts == ((a & b).sum(), (a | b).sum(), a.sum(), b.sum())
    assert all(type(count) is int for count in counts)
    assert counts.intersection <= min(counts.predicted_area, counts.target_area)
    back = overlap(encode(b), encode(a))
    assert (back.intersection, back.union) == (counts.intersection, counts.union)


@settings(max_examples=50, deadline=None)
@given(PAIRS, st.integers(2, 4))
def test_iou_does_not_change_with_the_scale_of_the_picture(pair, scale):
    a, b = pair
    large = [np.kron(mask, np.ones((scale, scale), bool)) for mask in pair]
    small_counts, large_counts = overlap(encode(a), encode(b)), overlap(encode(large[0]), encode(large[1]))
    assert large_counts == tuple(scale**2 * count for count in small_counts)
    assert iou(*large_counts[:2]) == iou(*small_counts[:2])


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_iou_lies_between_zero_and_one(intersection, rest):
    assert 0 <= iou(intersection, intersection + rest) <= 1


def test_iou_by_hand():
    np.testing.assert_array_equal(iou([0, 7, 0], [0, 10, 3]), [1.0, 0.7, 0.0])
    assert iou(0, 0, both_empty=0.0) == 0
    assert iou(1, 1, epsilon=1.0) == 0.5
    assert iou(7, 10) >= 0.7


def test_masks_of_two_sizes_are_not_compared():
    with pytest.raises(RebenchError, match=r"\[2, 3\] and \[3, 2\]"):
        overlap(encode(np.ones((2, 3), bool)), encode(np.ones((3, 2), bool)))


def test_score_samples_by_hand():
    half = np.full((8, 8), -1.0)
    half[:4, :2] = 1.0
    scores = score_samples([half, np.ones((8, 8), bool), np.stack([half, -half])], [SQUARE] * 3)
    assert scores.intersection.tolist() == [8, 16, 8]
    assert scores.union.tolist() == [16, 64, 64]
    assert scores.iou.tolist() == [0.5, 0.25, 0.125]
    assert scores.predicted_area.tolist() == [8, 64, 56]
    assert scores.target_area.tolist() == [16, 16, 16]
    assert scores.totals == {
        "n": 3, "intersection": 32, "union": 144, "oiou": 32 / 144, "miou": 0.875 / 3,
        "pr50": 1 / 3, "pr60": 0, "pr70": 0, "pr80": 0, "pr90": 0,
    }  # fmt: skip
    masks = list(scores.masks)
    np.testing.assert_array_equal(masks[0], half > 0)
    assert [mask.dtype for mask in masks] == [bool] * 3
    assert len(list(scores.masks)) == 3, "masks can be read again"


def test_score_samples_of_nothing():
    scores = score_samples([], [])
    assert scores.iou.shape == (0,)
    assert scores.totals["n"] == 0
    assert scores.totals["oiou"] is None


@pytest.mark.parametrize(
    ("logits", "annotations", "message"),
    [
        ([np.zeros((2, 2))], [], "1 logits for 0 annotations"),
        ([np.zeros((2, 2)), None], [SQUARE, SQUARE], "sample 1: expected a bool mask or float logits"),
        ([np.zeros((2, 2))], [{"height": 8, "width": 8}], r"annotations\[0\] has no 'segmentation'"),
        ([np.zeros((2, 2))], [{**SQUARE, "segmentation": []}], "sample 0: .*empty"),
    ],
)
def test_score_samples_names_the_sample_that_is_wrong(logits, annotations, message):
    with pytest.raises(RebenchError, match=message):
        score_samples(logits, annotations)


def test_score_samples_knows_its_protocols():
    with pytest.raises(RebenchError, match="unknown protocol 'olympic'"):
        score_samples([], [], protocol="olympic")
