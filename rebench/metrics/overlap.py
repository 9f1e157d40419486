"""How far two masks agree: exact pixel counts, and the one definition of IoU."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.data.split import Rle
from rebench.errors import RebenchError
from rebench.metrics.protocols import Mask, OutputError, Protocol, get_protocol, to_mask


class Overlap(NamedTuple):
    """Pixel counts of a predicted and a true mask."""

    intersection: int
    union: int
    predicted_area: int
    target_area: int


def overlap(prediction: Rle, target: Rle) -> Overlap:
    """Exact counts, from the run lengths. Raises RebenchError if the masks differ in size."""
    from pycocotools import mask as coco

    if list(prediction["size"]) != list(target["size"]):
        raise RebenchError(f"masks of sizes {prediction['size']} and {target['size']} cannot be compared")
    predicted, true = (int(area) for area in coco.area([prediction, target]))
    shared = int(coco.area(coco.merge([prediction, target], intersect=True)))
    return Overlap(shared, predicted + true - shared, predicted, true)


def iou(
    intersection: ArrayLike, union: ArrayLike, *, epsilon: float = 0.0, both_empty: float = 1.0
) -> NDArray[np.float64]:
    """Intersection over union, float64 in 0 to 1 of the broadcast shape: I / (U + epsilon).

    Where that denominator is zero (both masks are empty) it is `both_empty`.
    """
    below = np.asarray(union, dtype=np.float64) + epsilon
    above, below = np.broadcast_arrays(np.asarray(intersection, dtype=np.float64), below)
    return np.divide(above, below, out=np.full(below.shape, float(both_empty)), where=below > 0)


@dataclass(frozen=True)
class SampleScores:
    """Overlap of every sample, in the order given.

    Attributes:
        intersection: pixels in both masks, int64 (n,).
        union: pixels in either mask, int64 (n,).
        iou: float64 (n,), 0 to 1.
        predicted_area: pixels of the prediction, int64 (n,).
        target_area: pixels of the target, int64 (n,).
        totals: n, intersection, union, oiou, miou and pr50 to pr90 as fractions (None where n is 0).
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
        logits: per sample float (h, w) or two-channel (2, h, w), or a bool mask (height, width).
        annotations: per sample a COCO dict with "segmentation", "height" and "width".
        protocol: a protocol or its name.
        input_size: side of the network's square input, for protocols that compare there; `original`
            compares at the size of the picture and does not need it.

    Raises:
        RebenchError: unknown protocol, lengths that differ, or a sample that is no mask; the sample is named.
    """
    choices = get_protocol(protocol)
    if len(logits) != len(annotations):
        raise RebenchError(
            f"{len(logits)} logits for {len(annotations)} annotations: give one per annotation"
        )
    predictions: list[Rle] = []
    counts: list[Overlap] = []
    for index, (output, annotation) in enumerate(zip(logits, annotations, strict=True)):
        prediction, target = _sample(index, output, annotation, choices)
        predictions.append(prediction)
        counts.append(overlap(prediction, target))
    shared, union, predicted, true = np.array(counts, dtype=np.int64).reshape(-1, 4).T
    ious = iou(shared, union, epsilon=choices.epsilon, both_empty=choices.both_empty)
    totals = _totals(shared, union, ious, choices)
    return SampleScores(shared, union, ious, predicted, true, totals, tuple(predictions))


def _sample(index: int, output: Any, annotation: Mapping[str, Any], protocol: Protocol) -> tuple[Rle, Rle]:
    """Prediction and target of one sample as run lengths."""
    from rebench.data.masks import encode, from_annotation

    try:
        height, width = int(annotation["height"]), int(annotation["width"])
        target = from_annotation(annotation["segmentation"], height, width, protocol.overlap)
        return encode(to_mask(np.asarray(output), height, width, protocol)), target
    except KeyError as error:
        raise RebenchError(f"annotations[{index}] has no {error}") from None
    except (OutputError, RebenchError) as error:
        raise RebenchError(f"sample {index}: {error}") from error


def _totals(
    shared: NDArray[np.int64], union: NDArray[np.int64], ious: NDArray[np.float64], protocol: Protocol
) -> dict[str, float | int | None]:
    total_shared, total_union, n = int(shared.sum()), int(union.sum()), len(ious)
    totals: dict[str, float | int | None] = {"n": n, "intersection": total_shared, "union": total_union}
    whole = iou(total_shared, total_union, both_empty=protocol.both_empty)
    totals["oiou"] = float(whole) if n else None
    totals["miou"] = float(ious.mean()) if n else None
    for hit in protocol.hits:
        totals[f"pr{round(100 * hit)}"] = float((ious >= hit).mean()) if n else None
    return totals
