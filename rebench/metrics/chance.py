"""What a score is worth: the expected overlap of guesses that never read the expression."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from rebench.data.split import Instance, Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.overlap import iou, overlap
from rebench.metrics.protocols import Protocol
from rebench.stats.bootstrap import Floats

GUESSES = {
    "empty_mask": "nothing at all",
    "full_mask": "the whole picture",
    "random_instance": "a perfect mask of a random instance of the right category",
}
"""The guesses by name, in words."""

_log = logging.getLogger(__name__)


def sample_values(intersection: Floats, union: Floats, protocol: Protocol) -> Floats:
    """What one sample adds to the metrics, (n, 3 + hits): intersection, union, IoU, and 1 where IoU >= X."""
    agreement = iou(intersection, union, epsilon=protocol.epsilon, both_empty=protocol.both_empty)
    hits = [agreement >= hit for hit in protocol.hits]
    return np.column_stack([intersection, union, agreement, *hits]).astype(np.float64)


def guess_values(samples: Sequence[Sample], split: Split, protocol: Protocol) -> dict[str, Floats]:
    """Expected `sample_values` of each guess, (n, 3 + hits).

    A random instance is drawn uniformly from the picture's annotated objects of the referent's category,
    without crowds and with the referent itself; its mask is taken as perfect. Where one of the picture's
    objects cannot be decoded, the values are NaN and a warning says so.
    """
    pixels = np.array([s.height * s.width for s in samples], dtype=np.float64)
    width = 3 + len(protocol.hits)
    area, drawn, unknown = np.zeros(len(samples)), [], np.full(width, np.nan)
    for index, (target, others) in enumerate(_candidates(samples, split, protocol)):
        area[index] = target
        drawn.append(
            sample_values(others[:, 0], others[:, 1], protocol).mean(axis=0) if len(others) else unknown
        )
    return {
        "empty_mask": sample_values(np.zeros(len(samples)), area, protocol),
        "full_mask": sample_values(area, pixels, protocol),
        "random_instance": np.array(drawn, dtype=np.float64).reshape(-1, width),
    }


def _candidates(samples: Sequence[Sample], split: Split, protocol: Protocol) -> Iterator[tuple[int, Floats]]:
    """Per sample the target's area, and (intersection, union) of every candidate with the target, (k, 2).

    Without any candidate, (0, 2), where they are unknown.
    """
    image: int | None = None
    instances: Sequence[Instance] | None = None
    known: dict[tuple[int, str], tuple[int, Floats]] = {}
    for sample in samples:
        if sample.image_id != image:
            image, instances, known = sample.image_id, _instances(split, sample.image_id), {}
        referent = sample.annotation_id, sample.category
        if referent not in known:
            known[referent] = _against(split.target(sample, protocol.overlap), sample, instances)
        yield known[referent]


def _instances(split: Split, image_id: int) -> Sequence[Instance] | None:
    """The objects of a picture; None, with a warning, where one of them cannot be decoded."""
    try:
        return split.instances(image_id)
    except RebenchError as error:
        _log.warning("the chance of a random instance leaves out image %d: %s", image_id, error)
        return None


def _against(target: Rle, sample: Sample, instances: Sequence[Instance] | None) -> tuple[int, Floats]:
    """The target's area, and (intersection, union) with itself and with its same-category neighbours."""
    area = overlap(target, target).target_area
    if instances is None:
        return area, np.empty((0, 2))
    pairs = [(area, area)]
    for other in instances:
        if (
            other.category == sample.category
            and not other.crowd
            and other.annotation_id != sample.annotation_id
        ):
            counts = overlap(other.rle, target)
            pairs.append((counts.intersection, counts.union))
    return area, np.array(pairs, dtype=np.float64)
