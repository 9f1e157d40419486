"""From an annotation to the true mask that a protocol compares with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rebench.data.split import Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.protocols import Protocol
from rebench.metrics.resize import nearest_pil


def target_of(segmentation: Any, height: int, width: int, protocol: Protocol) -> Rle:
    """The mask of one annotated object, of the protocol's `size`.

    An object that is annotated as run lengths has no polygons to scale: under a protocol that wants those
    its mask is reduced by the nearest rule. (ReLA's own code cannot read such an object at all.)

    Args:
        segmentation: COCO polygons or run lengths, as `rebench.data.masks.from_annotation` reads them.
        height: rows of the picture.
        width: columns of the picture.
        protocol: its choices target, overlap, grid and input_size.

    Raises:
        RebenchError: the segmentation is none, or does not fit the picture.
    """
    from rebench.data.masks import from_annotation

    if protocol.target == "polygons" and has_polygons(segmentation):
        rows, columns = protocol.size(height, width)
        return from_annotation(
            _scaled(segmentation, columns / width, rows / height), rows, columns, protocol.overlap
        )
    return on_grid(from_annotation(segmentation, height, width, protocol.overlap), protocol)


def target_in(split: Split, sample: Sample, protocol: Protocol) -> Rle:
    """The mask of a sample's referent, of the protocol's `size`. Raises RebenchError if there is none."""
    if protocol.target == "polygons" and has_polygons(segmentation := split.segmentation(sample)):
        try:
            return target_of(segmentation, sample.height, sample.width, protocol)
        except RebenchError as error:
            raise RebenchError(
                f"annotation {sample.annotation_id} of image {sample.image_id}: {error}"
            ) from None
    return on_grid(split.target(sample, protocol.overlap), protocol)


def on_grid(mask: Rle, protocol: Protocol) -> Rle:
    """A mask of the picture's size, brought to the protocol's `size` by Pillow's nearest where needed."""
    from rebench.data.masks import decode, encode

    size = protocol.size(*mask["size"])
    return mask if size == tuple(mask["size"]) else encode(nearest_pil(decode(mask), *size))


def has_polygons(segmentation: Any) -> bool:
    """Whether an object is annotated by its outline, and not as run lengths."""
    return (
        isinstance(segmentation, Sequence)
        and not isinstance(segmentation, str | bytes)
        and not any(isinstance(part, Mapping) for part in segmentation)
    )


def _scaled(polygons: Sequence[Any], across: float, down: float) -> list[Any]:
    """The polygons in the pixels of the grid; without those that have fewer than three points or half a one.

    Source: ReLA, `datasets/register_refcoco.py` drops the latter; detectron2, `ResizeTransform.apply_coords`
    multiplies in float64.
    """
    real = [part for part in polygons if not _is_degenerate(part)]
    try:
        points = [np.asarray(part, dtype=np.float64).reshape(-1, 2) for part in real]
    except (TypeError, ValueError):
        raise RebenchError("invalid mask: a polygon must be a flat list of numbers") from None
    return [(part * (across, down)).ravel().tolist() for part in points]


def _is_degenerate(part: Any) -> bool:
    return isinstance(part, Sequence) and (len(part) % 2 == 1 or len(part) < 6)
