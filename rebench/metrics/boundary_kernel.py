"""The compiled loop behind `boundary`: draws the boundaries of two masks and counts where they meet."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebench.metrics.runs_kernel import compiled, read


@compiled
def _draw(runs: Any, number: int, height: int, distance: int, streaks: Any, canvas: Any) -> tuple[int, int]:
    """Adds a mask's boundary to the canvas as ones, column by column; returns its first and last column + 1.

    A pixel is inside where 2 `distance` + 1 pixels of its column and as many columns around it are mask.
    """
    at, first, last, top, bottom = 0, -1, 0, height, 0
    for run in range(number):
        if run & 1 and runs[run] > 0:
            end = at + runs[run] - 1
            canvas[at : end + 1] = 1
            if first < 0:
                first = at // height
            if end // height > at // height:  # it goes on in the next column
                top, bottom = 0, height
            top, bottom, last = min(top, at % height), max(bottom, end % height + 1), end // height + 1
        at += runs[run]
    if first < 0:
        return 0, 0
    side = 2 * distance + 1
    if last - first < side or bottom - top < side:
        return first, last
    streaks[top:bottom] = 0  # how many columns up to this one are mask around a row
    for column in range(first, last):
        begin, length = column * height, 0
        for row in range(top, bottom):
            length = length + 1 if canvas[begin + row] else 0
            core = row - distance
            if length < side:
                if core >= top:
                    streaks[core] = 0
            else:
                streaks[core] += 1
                if streaks[core] >= side:
                    canvas[(column - distance) * height + core] = 0
    return first, last


@compiled
def count(
    predicted: NDArray[np.uint8],
    predicted_begins: NDArray[np.int64],
    true: NDArray[np.uint8],
    true_begins: NDArray[np.int64],
    sizes: NDArray[np.int64],
    distances: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Fills `counts` (n, 2), pixels in both boundaries and in either; returns a damaged pair, or -1."""
    pixels = sizes[:, 0] * sizes[:, 1]
    a_runs = np.empty(max(1, np.diff(predicted_begins).max()), np.int64)
    b_runs = np.empty(max(1, np.diff(true_begins).max()), np.int64)
    a, b = np.zeros(pixels.max(), np.uint8), np.zeros(pixels.max(), np.uint8)
    streaks = np.empty(sizes[:, 0].max(), np.int64)
    for i in range(len(counts)):
        a_number = read(predicted, predicted_begins[i], predicted_begins[i + 1], pixels[i], a_runs)
        b_number = read(true, true_begins[i], true_begins[i + 1], pixels[i], b_runs)
        if a_number < 0 or b_number < 0:
            return i
        height = sizes[i, 0]
        a_first, a_last = _draw(a_runs, a_number, height, distances[i], streaks, a)
        b_first, b_last = _draw(b_runs, b_number, height, distances[i], streaks, b)
        shared, a_area, b_area = 0, 0, 0
        for p in range(a_first * height, a_last * height):
            a_area += a[p]
            shared += a[p] & b[p]
        for p in range(b_first * height, b_last * height):
            b_area += b[p]
        a[a_first * height : a_last * height] = 0
        b[b_first * height : b_last * height] = 0
        counts[i, 0] = shared
        counts[i, 1] = a_area + b_area - shared
    return -1
