"""Masks: from COCO annotations to run lengths and back.

Nothing untrusted reaches pycocotools: its C code checks neither sizes nor sums. What a file says is
validated here first, and whatever does not hold is a RebenchError.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from rebench.data.split import OverlapRule, Rle
from rebench.errors import RebenchError

MAX_SIDE = 65_535
MAX_PIXELS = 2**28
MAX_OUTLINE = 2**21
"""Longest outline of one object, in pixels: rasterising costs time and memory in proportion to it."""

_CHARACTER_BITS = 5
_LONGEST_NUMBER = 7  # characters: 35 bits hold any difference of two run lengths of a legal picture


def from_annotation(segmentation: Any, height: int, width: int, overlap: OverlapRule = "union") -> Rle:
    """The mask of one COCO annotation at the size of its picture.

    Args:
        segmentation: a list of polygons [x1, y1, x2, y2, ...] in pixels; or one run-length mask (crowds), or
            a list of them, {"size": [height, width], "counts": numbers or COCO's compressed text}.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        overlap: what becomes of pixels that several parts cover, see OverlapRule.

    A polygon may reach outside the picture and is clipped; one wholly outside gives an empty mask. A polygon
    of one or two points covers nothing and adds nothing beside a real one; alone it is an error.

    Raises:
        RebenchError: if the segmentation is not one of these forms, does not fit the picture or is absurd.
    """
    _check_size(height, width)
    parts: Sequence[Any] = [segmentation] if isinstance(segmentation, Mapping) else segmentation
    if not isinstance(parts, Sequence) or isinstance(parts, str | bytes):
        _invalid(f"segmentation is {_kind(segmentation)}, wants polygons or run lengths")
    if not parts:
        _invalid("segmentation is empty: the object has no polygon")
    if overlap not in ("union", "released"):
        raise RebenchError(f'unknown overlap rule {overlap!r}: "union" or "released"')
    if isinstance(parts[0], Mapping):
        masks = [_from_run_lengths(part, height, width) for part in parts]
    else:
        masks = _from_polygons(parts, height, width)
    return masks[0] if len(masks) == 1 else _merge(masks, overlap)


def encode(mask: NDArray[np.bool_]) -> Rle:
    """Run lengths of a mask, bool (H, W)."""
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != np.bool_:
        _invalid(f"wants bool (H, W), not {mask.dtype} {mask.shape}")
    _check_size(*mask.shape)
    return _plain(coco.encode(np.asfortranarray(mask, dtype=np.uint8)))


def decode(rle: Rle) -> NDArray[np.bool_]:
    """The mask, bool (H, W). Raises RebenchError if the run lengths are invalid."""
    height, width = _size_of(rle)
    return coco.decode(_for_pycocotools(check(rle, height, width))).astype(bool)


def area(rle: Rle) -> int:
    """Pixels of the mask. Raises RebenchError if the run lengths are invalid."""
    return int(_run_lengths(rle, *_size_of(rle))[1::2].sum())


def check(rle: Mapping[str, Any], height: int, width: int) -> Rle:
    """The same mask with counts as text, if it is a valid one for a picture of this size.

    Raises:
        RebenchError: if the size is absurd or another, or the counts are garbage or do not add up.
    """
    _run_lengths(rle, height, width)
    counts = rle["counts"]
    return {
        "size": [height, width],
        "counts": counts.decode("ascii") if isinstance(counts, bytes) else str(counts),
    }


def _run_lengths(rle: Mapping[str, Any], height: int, width: int) -> NDArray[np.int64]:
    """The validated run lengths of a compressed mask: background first, alternating, in column order."""
    _check_fits(rle, height, width)
    counts = rle.get("counts")
    if not isinstance(counts, str | bytes):
        _invalid(f"counts are {_kind(counts)}, wants COCO's compressed text")
    runs = _decompress(counts)
    _check_runs(runs, height, width)
    return runs


def _decompress(counts: str | bytes) -> NDArray[np.int64]:
    """The numbers in COCO's compressed text.

    Five bits a character, least significant first, offset 48, bit 5 set where the number goes on; the last
    bit 4 is the sign. From the fourth number on, what is stored is the difference to the one before the last.
    """
    try:
        raw = counts.encode("ascii") if isinstance(counts, str) else counts
    except UnicodeEncodeError:
        _invalid("compressed counts are not ASCII")
    codes = np.frombuffer(raw, dtype=np.uint8).astype(np.int64) - 48
    if not codes.size:
        _invalid("compressed counts are empty")
    if codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        _invalid("compressed counts are garbage or cut off")
    ends = np.flatnonzero(~codes & 32)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST_NUMBER:
        _invalid("compressed counts hold a number that no picture has")
    place = np.arange(codes.size) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((codes & 31) << (_CHARACTER_BITS * place), starts)
    negative = (codes[ends] & 16).astype(bool)
    numbers -= np.where(negative, np.int64(1) << (_CHARACTER_BITS * lengths), 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def _check_runs(runs: NDArray[np.int64], height: int, width: int) -> None:
    pixels = height * width
    # The first run out of range is seen before any sum could overflow.
    if (runs < 0).any() or (runs > pixels).any():
        _invalid(f"a run is negative or longer than the picture of {height} x {width}")
    if (total := int(runs.sum())) != pixels:
        _invalid(f"run lengths add up to {total:,}, not to the {pixels:,} pixels of {height} x {width}")


def _from_run_lengths(part: Any, height: int, width: int) -> Rle:
    if not isinstance(part, Mapping):
        _invalid(f"a part is {_kind(part)} beside run lengths: the parts must be of one form")
    counts = part.get("counts")
    if isinstance(counts, str | bytes):
        return check(part, height, width)
    _check_fits(part, height, width)
    if not isinstance(counts, Sequence) or not counts:
        _invalid(f"counts are {_kind(counts)}, wants run lengths")
    runs = _numbers(counts, "run lengths")
    if runs.dtype.kind not in "iu":
        _invalid("run lengths must be whole numbers")
    _check_runs(runs.astype(np.int64), height, width)
    return _plain(coco.frPyObjects({"size": [height, width], "counts": runs.tolist()}, height, width))


def _from_polygons(parts: Sequence[Any], height: int, width: int) -> list[Rle]:
    polygons = [_polygon(part) for part in parts]
    real = [polygon for polygon in polygons if polygon.size >= 6]
    if not real:
        _invalid("no polygon has three points")
    outline = sum(_outline(polygon) for polygon in real)
    if outline > MAX_OUTLINE:
        _invalid(f"polygons with an outline of {outline:,.0f} pixels")
    return [_plain(rle) for rle in coco.frPyObjects([polygon.tolist() for polygon in real], height, width)]


def _polygon(part: Any) -> NDArray[np.float64]:
    if not isinstance(part, Sequence) or isinstance(part, str | bytes):
        _invalid(f"a polygon is {_kind(part)}, wants a list of coordinates")
    if len(part) % 2:
        _invalid(f"a polygon has {len(part)} coordinates: they come in pairs")
    numbers = _numbers(part, "polygon coordinates").astype(np.float64) if part else np.empty(0)
    if not np.isfinite(numbers).all():
        _invalid("a polygon coordinate is not finite")
    if (np.abs(numbers) > 2 * MAX_SIDE).any():
        _invalid(f"a polygon coordinate of {np.abs(numbers).max():,.0f} is outside of any picture")
    return numbers


def _numbers(values: Sequence[Any], what: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):  # ragged, or numbers beyond any integer type
        array = np.asarray(None)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        _invalid(f"{what} must be a flat list of numbers")
    return array


def _outline(polygon: NDArray[np.float64]) -> float:
    points = polygon.reshape(-1, 2)
    return float(np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum())


def union_of(masks: Sequence[Rle]) -> Rle:
    """The pixels that are in any of some masks of one size."""
    return _plain(coco.merge([_for_pycocotools(mask) for mask in masks]))


def _merge(masks: list[Rle], overlap: OverlapRule) -> Rle:
    if overlap == "union":
        return union_of(masks)
    cover = np.zeros(masks[0]["size"], dtype=np.uint32)
    for mask in masks:
        cover += coco.decode(_for_pycocotools(mask))
    return encode(cover == 1)


def _check_fits(rle: Mapping[str, Any], height: int, width: int) -> None:
    _check_size(height, width)
    if _size_of(rle) != (height, width):
        _invalid(f"run lengths for a size of {rle['size']}, the picture has [{height}, {width}]")


def _size_of(rle: Mapping[str, Any]) -> tuple[int, int]:
    size = rle.get("size") if isinstance(rle, Mapping) else None
    if not isinstance(size, list | tuple) or len(size) != 2:
        _invalid("run lengths without a size [height, width]")
    if any(isinstance(side, bool) or not isinstance(side, int | np.integer) for side in size):
        _invalid(f"a size of {size}: wants two whole numbers")
    return int(size[0]), int(size[1])


def _check_size(height: int, width: int) -> None:
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE and height * width <= MAX_PIXELS):
        _invalid(f"a size of {height} x {width}")


def _plain(rle: Mapping[str, Any]) -> Rle:
    height, width = rle["size"]
    return {"size": [int(height), int(width)], "counts": rle["counts"].decode("ascii")}


def _for_pycocotools(rle: Rle) -> dict[str, Any]:
    return {"size": rle["size"], "counts": rle["counts"].encode("ascii")}


def _kind(value: Any) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"


def _invalid(what: str) -> NoReturn:
    raise RebenchError(f"invalid mask: {what}")
