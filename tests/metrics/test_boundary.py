"""Boundary IoU against its definition, spelled out with scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from rebench.data.masks import encode
from rebench.metrics.boundary import boundary_iou
from rebench.metrics.runs import DamagedRuns

PAIRS = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(
    lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape))
)


def boundary(mask, distance):
    """What a chessboard distance of at most `distance` to the outside leaves; the edge is outside."""
    depth = ndimage.distance_transform_cdt(np.pad(mask, 1), "chessboard")[1:-1, 1:-1]
    return mask & (depth <= distance)


def plain(a, b, distance):
    first, second = boundary(a, distance), boundary(b, distance)
    either = (first | second).sum()
    return (first & second).sum() / either if either else 1.0


@settings(max_examples=80)
@given(st.lists(PAIRS, min_size=1, max_size=4), st.sampled_from([0.02, 0.1, 0.2, 0.5]))
def test_it_is_the_iou_of_the_boundaries(pairs, dilation):
    found = boundary_iou([encode(a) for a, _ in pairs], [encode(b) for _, b in pairs], dilation=dilation)
    distances = [max(1, round(dilation * float(np.hypot(*a.shape)))) for a, _ in pairs]
    expected = [plain(a, b, d) for (a, b), d in zip(pairs, distances, strict=True)]
    np.testing.assert_array_equal(found, expected)


def test_blobs_of_the_size_of_photographs():
    rng = np.random.default_rng(0)
    blobs = [ndimage.gaussian_filter(rng.normal(size=(240, 320)), 20) > 0 for _ in range(4)]
    blobs += [np.ones((240, 320), bool), np.zeros((240, 320), bool)]
    masks = [encode(blob) for blob in blobs]
    found = boundary_iou(masks, masks[1:] + masks[:1])
    assert found.tolist() == [plain(a, b, 8) for a, b in zip(blobs, blobs[1:] + blobs[:1], strict=True)]
    assert boundary_iou(masks, masks).tolist() == [1.0] * 6


def test_by_hand():
    # 100 x 100: the diagonal is 141.4, a boundary is 3 pixels thick
    outer, inner = np.zeros((100, 100), bool), np.zeros((100, 100), bool)
    outer[20:80, 20:80] = True
    inner[21:79, 21:79] = True
    rings = 60**2 - 54**2, 58**2 - 52**2
    shared = 58**2 - 54**2
    assert boundary_iou([encode(outer)], [encode(inner)])[0] == shared / (sum(rings) - shared)
    assert boundary_iou([encode(outer)], [encode(outer)])[0] == 1


def test_small_objects_are_all_boundary():
    a, b = np.zeros((300, 400), bool), np.zeros((300, 400), bool)  # 10 pixels thick
    a[50:60, 50:60], b[52:62, 50:60] = True, True
    assert boundary_iou([encode(a)], [encode(b)])[0] == 80 / 120


def test_empty_masks():
    nothing, something = encode(np.zeros((5, 5), bool)), encode(np.eye(5, dtype=bool))
    assert boundary_iou([nothing, nothing], [nothing, something]).tolist() == [1, 0]
    assert boundary_iou([nothing], [nothing], both_empty=0.0).tolist() == [0]
    assert boundary_iou([], []).shape == (0,)


def test_damaged_masks_are_refused():
    good = encode(np.ones((3, 4), bool))
    with pytest.raises(DamagedRuns) as caught:
        boundary_iou([good, {"size": [3, 4], "counts": "~"}], [good, good])
    assert caught.value.index == 1
