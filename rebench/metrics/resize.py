"""Resizing as the code bases of the field do it, in NumPy, with the arithmetic written out.

Every function works in the dtype of its input: float32 where an official code base does, float64 in ours.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]
"""Logits or probabilities of one channel, (h, w)."""

CUBIC = -0.75
"""The free parameter A of the cubic kernel (Keys 1981) that PyTorch and OpenCV chose."""

_FINE = 1024
"""OpenCV's fixed point: coordinates are rounded to 1/1024 pixel, then cut to 1/32."""
_STEPS = 32


def bilinear(values: Plane, height: int, width: int, align_corners: bool) -> Plane:
    """Bilinear resize of (h, w) to (height, width), edges clamped, no antialiasing.

    Computes what `torch.nn.functional.interpolate(mode="bilinear", antialias=False)` does: along the rows,
    then along the columns, each as weight * first + weight * second.
    """
    if values.shape == (height, width):
        return values
    left, across = _positions(values.shape[1], width, align_corners, values.dtype)
    right = np.minimum(left + 1, values.shape[1] - 1)
    columns = values[:, left] * (1 - across) + values[:, right] * across
    top, down = _positions(values.shape[0], height, align_corners, values.dtype)
    bottom = np.minimum(top + 1, values.shape[0] - 1)
    resized: Plane = columns[top] * (1 - down[:, None])
    resized += columns[bottom] * down[:, None]
    return resized


def bicubic(values: Plane, height: int, width: int, align_corners: bool) -> Plane:
    """Bicubic resize (A = -0.75) of (h, w) to (height, width), edges clamped; may overshoot.

    Computes what `torch.nn.functional.interpolate(mode="bicubic", antialias=False)` does.
    """
    for axis, length in ((1, width), (0, height)):
        size = values.shape[axis]
        first, fraction = _positions(size, length, align_corners, values.dtype, clamp=False)
        taps = np.clip(first + np.arange(-1, 3)[:, None], 0, size - 1)
        values = _blend(values, taps, _cubic_weights(fraction), axis)
    return values


def nearest(values: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Nearest resize of (h, w) to (height, width), as `interpolate(mode="nearest")` of PyTorch.

    The source of output i of n is floor(float32(i) * float32(size / n)), at most size - 1; whole-number
    arithmetic gives other pixels for many sizes.
    """
    rows, columns = (
        np.minimum(
            np.floor(np.arange(length, dtype=np.float32) * (np.float32(size) / np.float32(length))), size - 1
        ).astype(np.intp)
        for size, length in zip(values.shape, (height, width), strict=True)
    )
    return values[rows[:, None], columns]


def nearest_pil(values: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Nearest resize of (h, w) to (height, width), as Pillow's `Image.resize(..., NEAREST)`.

    Pillow starts at half a step and adds the step once per output in double precision; the rounding of that
    sum decides, so that the closed form floor((i + 0.5) * size / n) gives other pixels for many sizes.
    """
    rows, columns = (
        np.minimum(_running_centres(size, length).astype(np.intp), size - 1)
        for size, length in zip(values.shape, (height, width), strict=True)
    )
    return values[rows[:, None], columns]


def cubic_warp(values: Plane, matrix: NDArray[np.float64], height: int, width: int) -> Plane:
    """Moves (h, w) by a scale and a shift per axis onto (height, width), cubic, zero outside.

    Computes what `cv2.warpAffine(..., flags=INTER_CUBIC, borderValue=0)` of OpenCV 4 does for a matrix
    without rotation: source coordinates in steps of 1/32 pixel, cubic weights whose fourth is one minus the
    others. OpenCV 5 uses exact coordinates, which changes a few pixels at contours.

    Args:
        values: what is moved.
        matrix: from source to output, (2, 2): scale and shift of x, then of y.
        height: rows of the output.
        width: columns of the output.
    """
    for axis, length in ((1, width), (0, height)):
        scale, shift = matrix[0 if axis else 1]
        back, offset = 1 / scale, -(1 / scale) * shift
        numbers = np.arange(length)
        if axis:  # the column's share and the shift are rounded apart, the row's share with its shift
            fixed = np.rint(back * numbers * _FINE) + np.rint(offset * _FINE)
        else:
            fixed = np.rint((back * numbers + offset) * _FINE)
        fine = (fixed.astype(np.int64) + _FINE // _STEPS // 2) // (_FINE // _STEPS)
        fraction = (fine % _STEPS).astype(values.dtype) / values.dtype.type(_STEPS)
        taps = fine // _STEPS + np.arange(-1, 3)[:, None]
        weights = _cubic_weights(fraction, closed=True)
        inside = (taps >= 0) & (taps < values.shape[axis])
        values = _blend(values, np.where(inside, taps, 0), np.where(inside, weights, 0), axis)
    return values


def letterbox(height: int, width: int, side: int) -> NDArray[np.float64]:
    """The map from a square input, into which the picture was fitted and centred, back to the picture.

    Source: CRIS, `utils/dataset.py`, getTransformMat: corners in float32, the map between them in float64.

    Returns:
        (2, 2): scale and shift of x, then of y.
    """
    scale = min(side / height, side / width)
    return _between(
        *(((side - size * scale) / 2, size * scale + (side - size * scale) / 2) for size in (width, height)),
        sizes=(width, height),
    )


def stretch(height: int, width: int, side: int) -> NDArray[np.float64]:
    """The map from a square input, onto which the picture was stretched, back to it; as `letterbox`."""
    return _between((0, side), (0, side), sizes=(width, height))


def _between(*ends: tuple[float, float], sizes: tuple[int, int]) -> NDArray[np.float64]:
    rows = []
    for (low, high), size in zip(ends, sizes, strict=True):
        start, end = float(np.float32(low)), float(np.float32(high))
        scale = size / (end - start)
        rows.append((scale, -scale * start))
    return np.array(rows)


def _positions(
    size: int, length: int, align_corners: bool, dtype: np.dtype[Any], clamp: bool = True
) -> tuple[NDArray[np.intp], Plane]:
    """For each of `length` outputs the source index before it and the way to the next one, 0 to 1."""
    one = dtype.type
    outputs = np.arange(length, dtype=dtype)
    if align_corners:
        position = outputs * (one(size - 1) / one(length - 1) if length > 1 else one(0))
    else:
        step = np.float64(
            one(size) / one(length)
        )  # PyTorch's compiler fuses the two: rounded once, at the end
        position = ((outputs + one(0.5)) * step - 0.5).astype(dtype)
    if clamp:
        position = np.maximum(position, one(0))
    first = np.floor(position).astype(np.intp)
    if clamp:
        first = np.minimum(first, size - 1)
    return first, np.clip(position - first.astype(dtype), 0, 1).astype(dtype)


def _cubic_weights(fraction: Plane, closed: bool = False) -> Plane:
    """Weights of the four neighbours at -1, 0, 1, 2, (4, n); `closed`: the last is 1 minus the others."""
    a, t = fraction.dtype.type(CUBIC), fraction
    u = 1 - t

    def near(x: Plane) -> Plane:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Plane) -> Plane:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    weights = [far(t + 1), near(t), near(u)]
    weights.append(1 - weights[0] - weights[1] - weights[2] if closed else far(u + 1))
    return np.stack(weights)


def _blend(values: Plane, taps: NDArray[np.intp], weights: Plane, axis: int) -> Plane:
    """Sums of four neighbours along an axis: taps and weights (4, n)."""
    shape = (1, -1) if axis else (-1, 1)
    blended: Plane = values.take(taps[0], axis) * weights[0].reshape(shape)
    for tap, weight in zip(taps[1:], weights[1:], strict=True):
        blended += values.take(tap, axis) * weight.reshape(shape)
    return blended


def _running_centres(size: int, length: int) -> NDArray[np.float64]:
    """Centres of `length` outputs in a source of `size`, each the one before plus the step."""
    steps = np.full(length, size / length)
    steps[0] *= 0.5
    return np.cumsum(steps)
