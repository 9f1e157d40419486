"""Counting pairs of masks from run lengths: exact, and safe against what is no mask."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco

from rebench.data.masks import check, encode
from rebench.errors import RebenchError
from rebench.metrics.runs import DamagedRuns, count_overlaps

PAIR = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape))
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PAIR, max_size=5))
def test_a_batch_counts_what_the_pixels_say(pairs):
    counts = count_overlaps([encode(a) for a, _ in pairs], [encode(b) for _, b in pairs])
    expected = [((a & b).sum(), (a | b).sum(), a.sum(), b.sum()) for a, b in pairs]
    assert counts.tolist() == [list(row) for row in expected]
    assert counts.shape == (len(pairs), 4)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=130), max_size=8))
def test_what_the_reader_of_masks_refuses_is_refused(counts):
    stored = {"size": [3, 4], "counts": counts}
    whole = encode(np.ones((3, 4), bool))
    try:
        check(stored, 3, 4)
    except RebenchError:
        with pytest.raises(DamagedRuns) as caught:
            count_overlaps([whole, stored], [whole, whole])
        assert caught.value.index == 1
    else:
        assert count_overlaps([stored], [whole])[0, 3] == 12


def test_runs_of_no_length_are_read():
    # 3 x 4: 0 background, 5 foreground, 0 background, 7 foreground
    whole = {"size": [3, 4], "counts": "0502"}
    assert count_overlaps([whole], [encode(np.eye(3, 4, dtype=bool))])[0].tolist() == [3, 12, 12, 3]


def test_a_damaged_target_is_found_too():
    good = encode(np.ones((2, 2), bool))
    with pytest.raises(DamagedRuns, match="mask 0"):
        count_overlaps([good], [{"size": [2, 2], "counts": "~"}])


def test_large_pictures_do_not_overflow():
    size, pixels = [65_000, 4_000], 65_000 * 4_000
    runs = coco.frPyObjects({"size": size, "counts": [10, pixels - 10]}, *size)
    large = {"size": size, "counts": runs["counts"].decode()}
    assert count_overlaps([large] * 9, [large] * 9).tolist() == [[pixels - 10] * 4] * 9
