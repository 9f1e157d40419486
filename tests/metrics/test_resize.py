"""Our resizes against the libraries whose arithmetic they repeat, and against a plain loop."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rebench.metrics import resize

SIDES = st.integers(1, 40)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("align_corners", [True, False])
@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, st.integers(1, 500), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_float32_resizes_are_those_of_torch(mode, align_corners, h, w, height, width, seed):
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(seed).normal(size=(h, w)).astype(np.float32) * 8
    ours = getattr(resize, mode)(values, height, width, align_corners)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=(height, width), mode=mode, align_corners=align_corners
    )[0, 0].numpy()
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_nearest_takes_the_same_pixels_as_torch(size, length):
    torch = pytest.importorskip("torch")
    values = np.arange(size, dtype=np.float32)[None]
    theirs = torch.nn.functional.interpolate(torch.from_numpy(values)[None, None], size=(1, length))[0, 0]
    np.testing.assert_array_equal(resize.nearest(values, 1, length), theirs.numpy())
    np.testing.assert_array_equal(resize.nearest(values.T, length, 1), theirs.numpy().T)


def test_nearest_of_torch_is_not_whole_number_arithmetic():
    taken = resize.nearest(np.arange(480, dtype=np.float32)[None], 1, 424)[0]
    whole = np.arange(424) * 480 // 424
    assert (taken != whole).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1100), st.sampled_from([480, 416, 320, 7, 1]))
def test_nearest_pil_takes_the_same_pixels_as_pillow(size, length):
    values = np.arange(size, dtype=np.int32)[None]
    theirs = np.asarray(Image.fromarray(values).resize((length, 1), Image.Resampling.NEAREST))
    np.testing.assert_array_equal(resize.nearest_pil(values, 1, length), theirs)
    np.testing.assert_array_equal(resize.nearest_pil(values.T, length, 1), theirs.T)


def test_nearest_of_pillow_is_not_the_closed_form():
    taken = resize.nearest_pil(np.arange(640)[None], 1, 480)[0]
    closed = np.floor((np.arange(480) + 0.5) * 640 / 480)
    assert (taken != closed).sum() == 99


def cubic(t):
    """The four weights of the cubic kernel at -1, 0, 1, 2, the last one closing the sum."""
    a = -0.75

    def kernel(x):
        x = abs(x)
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a

    weights = [kernel(t + 1), kernel(t), kernel(1 - t)]
    return [*weights, 1 - sum(weights)]


def warped(values, scales, shifts, height, width):
    """A plain loop over the output, after the description of OpenCV 4's fixed-point warp."""

    def source(index, scale, shift, apart):
        back = 1 / scale
        if apart:
            fixed = round(back * index * 1024) + round(-shift * back * 1024)
        else:
            fixed = round((back * index - shift * back) * 1024)
        fixed = (fixed + 16) >> 5
        return fixed >> 5, (fixed & 31) / 32

    result = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            column, across = source(x, scales[0], shifts[0], True)
            row, down = source(y, scales[1], shifts[1], False)
            for i, wy in enumerate(cubic(down)):
                for j, wx in enumerate(cubic(across)):
                    r, c = row - 1 + i, column - 1 + j
                    if 0 <= r < values.shape[0] and 0 <= c < values.shape[1]:
                        result[y, x] += wy * wx * values[r, c]
    return result


@pytest.mark.parametrize(("height", "width"), [(30, 41), (41, 30), (16, 16), (9, 27)])
def test_the_warp_is_that_of_a_plain_loop_and_undoes_the_letterbox(height, width):
    side = 26
    scale = min(side / height, side / width)
    shifts = [-(side - size * scale) / 2 / scale for size in (width, height)]
    matrix = resize.letterbox(height, width, side)
    np.testing.assert_allclose(matrix, np.column_stack([[1 / scale] * 2, shifts]), rtol=1e-6, atol=1e-5)
    values = np.random.default_rng(height).random((side, side)).astype(np.float32)
    ours = resize.cubic_warp(values, matrix, height, width)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, warped(values, *matrix.T, height, width), rtol=0, atol=2e-6)


def test_outside_of_the_warped_is_zero():
    values = np.ones((8, 8), np.float32)
    moved = resize.cubic_warp(values, np.array([[1.0, 20.0], [1.0, 0.0]]), 8, 40)
    assert moved[:, :18].max() == 0
    assert moved[4, 24] == 1


def test_stretch_maps_the_square_onto_the_picture():
    np.testing.assert_array_equal(resize.stretch(60, 90, 30), [[3, 0], [2, 0]])


@given(st.integers(2, 30), st.integers(2, 30), st.sampled_from(["bilinear", "bicubic"]))
def test_a_plane_keeps_its_corners_when_they_are_aligned(h, w, mode):
    values = np.random.default_rng(h * w).normal(size=(h, w))
    resized = getattr(resize, mode)(values, 3 * h, 2 * w, True)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert math.isclose(resized[corner], values[corner], abs_tol=1e-9)
