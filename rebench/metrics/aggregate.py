"""From the counts of single expressions to the metrics of a set, each as its protocol defines it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.metrics.overlap import iou
from rebench.metrics.protocols import HITS, Protocol

Floats = NDArray[np.float64]

PRECISION = tuple(f"pr{round(100 * hit)}" for hit in HITS)

METRICS = ("oiou", "miou", *PRECISION)
"""The metrics of a group, in order: oiou, miou, pr50 to pr90."""


def reported(protocol: Protocol) -> list[str]:
    """Those of `METRICS` that the protocol computes; the others are null under it."""
    computed = {"miou", *(f"pr{round(100 * hit)}" for hit in protocol.hits)}
    if protocol.oiou is not None:
        computed.add("oiou")
    return [name for name in METRICS if name in computed]


def sample_iou(intersection: ArrayLike, union: ArrayLike, protocol: Protocol) -> Floats:
    """The IoU of every sample, float64 (n,), with the protocol's epsilon and its value for an empty union."""
    return iou(intersection, union, epsilon=protocol.epsilon, both_empty=protocol.both_empty)


def is_hit(ious: Floats, at: float, protocol: Protocol) -> NDArray[np.bool_]:
    """Which IoUs count for Pr@`at`.

    CRIS takes IoU > X with X from a float32 range: 0.7 is stored as 0.69999999, so that an IoU of exactly 0.7
    counts, and one of exactly 0.5 does not.
    """
    threshold = float(np.dtype(protocol.hit_dtype).type(at))
    hits: NDArray[np.bool_] = ious > threshold if protocol.hit == ">" else ious >= threshold
    return hits


def sample_values(intersection: ArrayLike, union: ArrayLike, protocol: Protocol) -> Floats:
    """What one sample adds to the metrics, (n, 2 + len(METRICS) - 1).

    The columns are intersection and union (numerator and denominator of oIoU), IoU, and 1 where it is a hit.
    An oIoU of means, mean I / (mean U + epsilon), is the sum of I over the sum of U + epsilon.
    """
    ious = sample_iou(intersection, union, protocol)
    below = np.asarray(union, dtype=np.float64) + (protocol.epsilon if protocol.oiou == "means" else 0.0)
    hits = [is_hit(ious, at, protocol) for at in HITS]
    return np.column_stack([intersection, below, ious, *hits]).astype(np.float64)


def totals(
    intersection: NDArray[np.int64], union: NDArray[np.int64], protocol: Protocol
) -> dict[str, float | int | None]:
    """n, the summed intersection and union, and every metric as a fraction.

    A metric is None where n is 0 or the protocol does not compute it, and oIoU where the summed union is 0.
    """
    ious, n = sample_iou(intersection, union, protocol), len(intersection)
    above, below = (column.sum() for column in sample_values(intersection, union, protocol)[:, :2].T)
    computed: dict[str, float | None] = {"oiou": above / below if below > 0 else None}
    if n:
        computed["miou"] = float(ious.mean())
        for name, at in zip(PRECISION, HITS, strict=True):
            computed[name] = float(is_hit(ious, at, protocol).mean())
    known = reported(protocol) if n else ()
    return {
        "n": n,
        "intersection": int(intersection.sum()),
        "union": int(union.sum()),
        **{name: computed[name] if name in known else None for name in METRICS},
    }
