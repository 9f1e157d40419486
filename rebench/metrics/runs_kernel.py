"""The compiled loop behind `runs`: reads COCO's text and walks along two masks at once."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

_LONGEST_NUMBER = 7  # characters: 35 bits hold any difference of two run lengths of a legal picture


def compiled(function: Any) -> Any:
    """The function, compiled where it is first called."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that compiled code could be kept in: compiled anew by every process
        return njit(nogil=True)(function)


@compiled
def read(text: Any, begin: int, end: int, pixels: int, runs: Any) -> int:
    """Fills `runs` with run lengths, background first; returns how many, or -1 for garbage.

    Five bits a character, least significant first, offset 48, bit 5 set where the number goes on; the last
    bit 4 is the sign. From the fourth number on, what is stored is the difference to the one before the last.
    """
    found, total, at = 0, 0, begin
    while at < end:
        number, place, more = 0, 0, True
        while more:
            if at >= end or place >= _LONGEST_NUMBER:
                return -1
            code = int(text[at]) - 48
            if code < 0 or code > 63:
                return -1
            number |= (code & 31) << (5 * place)
            more = (code & 32) != 0
            at += 1
            place += 1
        if code & 16:
            number -= 1 << (5 * place)
        if found > 2:
            number += runs[found - 2]
        if number < 0 or number > pixels:
            return -1
        runs[found] = number
        found += 1
        total += number
    return found if found > 0 and total == pixels else -1


@compiled
def count(
    predicted: NDArray[np.uint8],
    predicted_begins: NDArray[np.int64],
    true: NDArray[np.uint8],
    true_begins: NDArray[np.int64],
    pixels: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Fills `counts` (n, 4) as `count_overlaps` describes; returns the first damaged pair, or -1."""
    a_runs = np.empty(max(1, np.diff(predicted_begins).max()), np.int64)
    b_runs = np.empty(max(1, np.diff(true_begins).max()), np.int64)
    for i in range(len(counts)):
        a_number = read(predicted, predicted_begins[i], predicted_begins[i + 1], pixels[i], a_runs)
        b_number = read(true, true_begins[i], true_begins[i + 1], pixels[i], b_runs)
        if a_number < 0 or b_number < 0:
            return i
        a_area, b_area, shared = 0, 0, 0
        a, b, a_left, b_left = 0, 0, a_runs[0], b_runs[0]
        while a < a_number and b < b_number:  # both end at the last pixel
            step = min(a_left, b_left)
            if a & b & 1:
                shared += step
            a_left -= step
            b_left -= step
            if a_left == 0:
                a += 1
                a_left = a_runs[a] if a < a_number else 0
            if b_left == 0:
                b += 1
                b_left = b_runs[b] if b < b_number else 0
        for run in range(1, a_number, 2):
            a_area += a_runs[run]
        for run in range(1, b_number, 2):
            b_area += b_runs[run]
        counts[i, 0] = shared
        counts[i, 1] = a_area + b_area - shared
        counts[i, 2] = a_area
        counts[i, 3] = b_area
    return -1
