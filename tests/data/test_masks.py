import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rebench.data import masks
from rebench.errors import RebenchError

H, W = 60, 80


def box(left, top, right, bottom):
    return [left, top, right, top, right, bottom, left, bottom]


A, B = box(5, 5, 35, 35), box(20, 20, 60, 50)


@given(arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_encoding_and_decoding_give_the_mask_back(mask):
    rle = masks.encode(mask)
    assert (masks.decode(rle) == mask).all()
    assert masks.area(rle) == mask.sum()
    assert masks.check(rle, *mask.shape) == rle


@given(st.binary(max_size=40) | st.text(max_size=40), st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=300)
def test_any_text_as_counts_is_a_mask_of_that_size_or_refused(counts, height, width):
    rle = {"size": [height, width], "counts": counts}
    try:
        checked = masks.check(rle, height, width)
    except RebenchError:
        return
    assert masks.decode(checked).sum() == masks.area(checked) <= height * width


@pytest.mark.parametrize(
    ("parts", "released", "union"),
    [
        ([A], 900, 900),
        ([A, B], 1650, 1875),  # 225 pixels under both drop out of the released masks
        ([box(5, 5, 40, 40), box(20, 10, 60, 50), box(25, 15, 50, 45)], 1250, 2225),
        ([box(5, 5, 50, 50), box(15, 15, 30, 30)], 1800, 2025),
        ([[5, 5, 20, 5, 20, 20, 5, 20], [10, 10, 40, 30]], 225, 225),  # two points add nothing
        ([[10, 10, 50, 40, 50, 10, 10, 40]], 600, 600),
        ([[10, 10, 40, 10, 25, 10]], 0, 0),
        ([[-10, -7, 20, -7, 20, 15, -10, 15]], 300, 300),
        ([box(100, 100, 120, 120)], 0, 0),
    ],
)
def test_both_overlap_rules(parts, released, union):
    assert masks.area(masks.from_annotation(parts, H, W, "released")) == released
    assert masks.area(masks.from_annotation(parts, H, W, "union")) == union
    assert masks.area(masks.from_annotation(parts, H, W)) == union


def test_the_released_rule_keeps_what_exactly_one_part_covers():
    first, second = (masks.decode(masks.from_annotation([p], H, W)) for p in (A, B))
    released = masks.decode(masks.from_annotation([A, B], H, W, "released"))
    assert (released == (first ^ second)).all()


def test_the_forms_of_run_lengths_are_one_mask():
    compressed = masks.from_annotation([A], H, W)
    mask = masks.decode(compressed)
    changes = np.flatnonzero(np.diff(mask.ravel(order="F").astype(int))) + 1
    counts = np.diff([0, *changes, H * W]).tolist()
    forms = [
        {"size": [H, W], "counts": counts},
        {"size": [H, W], "counts": compressed["counts"].encode()},
        [compressed],
    ]
    assert all(masks.from_annotation(form, H, W) == compressed for form in forms)
    overlapping = [compressed, masks.from_annotation([B], H, W)]
    assert masks.area(masks.from_annotation(overlapping, H, W, "released")) == 1650
    assert masks.area(masks.from_annotation(overlapping, H, W)) == 1875


def rle(counts, size=(H, W)):
    return {"size": list(size), "counts": counts}


WHOLE = masks.encode(np.ones((H, W), bool))


@pytest.mark.parametrize(
    ("segmentation", "says"),
    [
        (rle([5, 10]), "add up to 15"),
        (rle([0, H * W + 1]), "longer than the picture"),
        (rle([-5, H * W + 5]), "negative"),
        (rle([]), "wants run lengths"),
        (rle([1.5, H * W - 1.5]), "whole numbers"),
        (rle(["0", "4800"]), "flat list of numbers"),
        (rle([2**70, 1]), "flat list of numbers"),
        (rle("mb0i0S1"), "add up to"),
        (rle("\x00\x01"), "garbage"),
        (rle("日本"), "ASCII"),
        (rle("o"), "cut off"),
        (rle("o" * 30 + "0"), "no picture has"),
        (rle(""), "empty"),
        (rle(None), "missing"),
        ({"counts": [H * W]}, "without a size"),
        (rle([H * W], (W, H)), "the picture has [60, 80]"),
        (rle([1], (-1, -1)), "size of [-1, -1]"),
        (rle([1], (True, 1)), "two whole numbers"),
        ([], "empty"),
        (None, "wants polygons"),
        ("polygon", "wants polygons"),
        ([[]], "three points"),
        ([[1, 2, 3, 4]], "three points"),
        ([[1, 2, 3, 4, 5, 6, 7]], "come in pairs"),
        ([1, 2, 3, 4, 5, 6], "wants a list of coordinates"),
        ([[1, 2, math.nan, 4, 5, 6]], "not finite"),
        ([[1, 2, math.inf, 4, 5, 6]], "not finite"),
        ([box(0, 0, 1e9, 1e9)], "outside of any picture"),
        ([[0, 0, 1e5, 1e5, 0, 1e5, 1e5, 0] * 20], "outline"),
        ([[1, 2, "3", 4, 5, 6]], "flat list of numbers"),
        ([[1, 2, None, 4, 5, 6]], "flat list of numbers"),
        ([WHOLE, A], "one form"),
        ([A, WHOLE], "wants a list of coordinates"),
    ],
)
def test_invalid_segmentations_are_refused(segmentation, says):
    with pytest.raises(RebenchError) as error:
        masks.from_annotation(segmentation, H, W)
    assert says in str(error.value)


@pytest.mark.parametrize("size", [(0, 5), (-3, 5), (70_000, 5), (65_000, 65_000)])
def test_absurd_sizes_are_refused_before_memory_is_asked_for(size):
    with pytest.raises(RebenchError, match="a size of"):
        masks.from_annotation([A], *size)
    with pytest.raises(RebenchError, match="a size of"):
        masks.decode({"size": list(size), "counts": "0"})


def test_check_refuses_a_mask_of_another_size():
    with pytest.raises(RebenchError, match="the picture has"):
        masks.check(WHOLE, W, H)


@pytest.mark.parametrize("mask", [np.zeros((3, 3), np.uint8), np.zeros(4, bool), np.zeros((0, 4), bool)])
def test_only_bool_pictures_are_encoded(mask):
    with pytest.raises(RebenchError, match="invalid mask"):
        masks.encode(mask)
