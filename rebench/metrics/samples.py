"""Scores of outputs against annotations that are handed over directly, without a split and without a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Rle
from rebench.errors import RebenchError, one_line
from rebench.metrics.aggregate import sample_iou, totals
from rebench.metrics.masking import Mask, OutputError, to_mask
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.metrics.runs import count_overlaps
from rebench.metrics.targets import target_of


@dataclass(frozen=True)
class SampleScores:
    """Overlap of every sample, in the order given.

    Attributes:
        intersection: pixels in both masks, int64 (n,).
        union: pixels in either mask, int64 (n,).
        iou: float64 (n,), 0 to 1.
        predicted_area: pixels of the prediction, int64 (n,).
        target_area: pixels of the target, int64 (n,).
        totals: n, intersection, union, oiou, miou and pr50 to pr90 as fractions (None where n is 0, or where
            the protocol does not compute it).
    """

    intersection: NDArray[np.int64]
    union: NDArray[np.int64]
    iou: NDArray[np.float64]
    predicted_area: NDArray[np.int64]
    target_area: NDArray[np.int64]
    totals: dict[str, float | int | None]
    _predictions: tuple[Rle, ...] = field(repr=False)

    @property
    def masks(self) -> Iterator[Mask]:
        """The predicted masks as they were compared, bool (H, W) each, decoded one at a time."""
        from rebench.data.masks import decode

        return (decode(rle) for rle in self._predictions)


def score_samples(
    logits: Sequence[Any],
    annotations: Sequence[Mapping[str, Any]],
    protocol: str | Protocol = "original",
    input_size: int | None = None,
) -> SampleScores:
    """Compare outputs with annotations, one by one, without a run.

    Args:
        logits: per sample float (h, w) or two-channel (2, h, w), over the picture as the protocol's code base
            shows it to its network (`cris`: fitted into a square and centred; else stretched); or, where the
            protocol takes finished masks, a bool mask (height, width).
        annotations: per sample a COCO dict with "segmentation", "height" and "width".
        protocol: a protocol or its name.
        input_size: side of the network's square input in pixels, where it is not the one of the protocol's
            code base (480; CRIS 416). `original` has none.

    Raises:
        RebenchError: unknown protocol, lengths that differ, or a sample that is no mask; the sample is named.
    """
    choices = with_input_size(get_protocol(protocol), input_size)
    if len(logits) != len(annotations):
        raise RebenchError(
            f"{len(logits)} logits for {len(annotations)} annotations: give one per annotation"
        )
    pairs = [
        _sample(index, output, annotation, choices)
        for index, (output, annotation) in enumerate(zip(logits, annotations, strict=True))
    ]
    predictions = tuple(prediction for prediction, _ in pairs)
    shared, union, predicted, true = count_overlaps(predictions, [target for _, target in pairs]).T
    ious = sample_iou(shared, union, choices)
    return SampleScores(shared, union, ious, predicted, true, totals(shared, union, choices), predictions)


def picture_size(annotation: Any) -> tuple[int, int]:
    """Rows and columns of an annotated picture.

    Raises:
        KeyError: one of them is missing.
        RebenchError: they are no whole numbers above 0, or the annotation is no mapping.
    """
    if not isinstance(annotation, Mapping):
        raise RebenchError(f"an annotation is a COCO dict, not {type(annotation).__name__}")
    size = annotation["height"], annotation["width"]
    try:
        height, width = (int(side) for side in size)
    except (TypeError, ValueError, OverflowError):
        height = width = 0
    if (height, width) != size or min(height, width) < 1:
        raise RebenchError(f"height and width are pixels, whole and above 0, not {size[0]!r} and {size[1]!r}")
    return height, width


def as_array(output: Any) -> NDArray[Any]:
    """An output as an array. Raises OutputError if it cannot be one (ragged lists, a tensor with a graph)."""
    try:
        return np.asarray(output)
    except (TypeError, ValueError, RuntimeError) as error:
        raise OutputError(f"expected an array, got what NumPy cannot take: {one_line(str(error))}") from error


def with_input_size(protocol: Protocol, side: int | None) -> Protocol:
    """The protocol with another network input; one without a network input stays. Raises RebenchError."""
    if side is None or protocol.input_size is None:
        return protocol
    if isinstance(side, bool) or not isinstance(side, int | np.integer) or not 1 <= side <= 1 << 14:
        raise RebenchError(f"input_size {side!r}: give the side of the network's square input in pixels")
    return replace(protocol, input_size=int(side))


def _sample(index: int, output: Any, annotation: Mapping[str, Any], protocol: Protocol) -> tuple[Rle, Rle]:
    """Prediction and target of one sample as run lengths."""
    from rebench.data.masks import encode

    try:
        height, width = picture_size(annotation)
        target = target_of(annotation["segmentation"], height, width, protocol)
        return encode(to_mask(as_array(output), height, width, protocol)), target
    except KeyError as error:
        raise RebenchError(f"annotations[{index}] has no {error}") from None
    except (OutputError, RebenchError) as error:
        raise RebenchError(f"sample {index}: {error}") from error
