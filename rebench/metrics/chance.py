"""What a score is worth: the expected overlap of guesses that never read the expression."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from rebench.data.split import Instance, Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.aggregate import METRICS, sample_values
from rebench.metrics.protocols import Protocol
from rebench.metrics.runs import count_overlaps
from rebench.metrics.targets import on_grid, target_in
from rebench.stats.bootstrap import Floats

GUESSES = {
    "empty_mask": "nothing at all",
    "full_mask": "the whole picture",
    "random_instance": "a perfect mask of a random instance of the right category",
}
"""The guesses by name, in words."""

_log = logging.getLogger(__name__)


def guess_values(samples: Sequence[Sample], split: Split, protocol: Protocol) -> dict[str, Floats]:
    """Expected `sample_values` of each guess, (n, len(METRICS) + 1).

    A random instance is drawn uniformly from the picture's annotated objects of the referent's category,
    without crowds and with the referent itself; its mask is taken as perfect (the others' masks are brought
    to the protocol's grid by nearest). Where one of the picture's objects cannot be decoded, the values are
    NaN and a warning says so.
    """
    numbers: dict[tuple[int, int, str], int] = {}
    of = [numbers.setdefault((s.image_id, s.annotation_id, s.category), len(numbers)) for s in samples]
    first = np.unique(np.array(of, dtype=np.intp), return_index=True)[1]
    area, drawn = _referents([samples[i] for i in first], split, protocol)
    sizes = [protocol.size(sample.height, sample.width) for sample in samples]
    pixels = np.array([height * width for height, width in sizes], dtype=np.float64)
    return {
        "empty_mask": sample_values(np.zeros(len(samples)), area[of], protocol),
        "full_mask": sample_values(area[of], pixels, protocol),
        "random_instance": drawn[of],
    }


def _referents(samples: Sequence[Sample], split: Split, protocol: Protocol) -> tuple[Floats, Floats]:
    """Per referent its area, and the expected values of drawing an instance of its category."""
    masks: list[Rle] = []
    targets: list[Rle] = []
    starts: list[int] = []
    known: list[bool] = []
    for sample, instances in _with_instances(samples, split):
        target = target_in(split, sample, protocol)
        others = [other for other in instances or () if _is_rival(other, sample)]
        starts.append(len(masks))
        known.append(instances is not None)
        masks += [target, *(on_grid(other.rle, protocol) for other in others)]
        targets += [target] * (1 + len(others))
    if not samples:
        return np.empty(0), np.empty((0, len(METRICS) + 1))
    counts = count_overlaps(masks, targets)
    sums = np.add.reduceat(sample_values(counts[:, 0], counts[:, 1], protocol), starts, axis=0)
    drawn = sums / np.diff([*starts, len(masks)])[:, None]
    drawn[~np.array(known)] = np.nan
    return counts[starts, 3].astype(np.float64), drawn


def _with_instances(
    samples: Sequence[Sample], split: Split
) -> Iterator[tuple[Sample, Sequence[Instance] | None]]:
    """Each sample with the objects of its picture; those of one picture are read once."""
    image: int | None = None
    instances: Sequence[Instance] | None = None
    for sample in samples:
        if sample.image_id != image:
            image, instances = sample.image_id, _instances(split, sample.image_id)
        yield sample, instances


def _instances(split: Split, image_id: int) -> Sequence[Instance] | None:
    """The objects of a picture; None, with a warning, where one of them cannot be decoded."""
    try:
        return split.instances(image_id)
    except RebenchError as error:
        _log.warning("the chance of a random instance leaves out image %d: %s", image_id, error)
        return None


def _is_rival(other: Instance, sample: Sample) -> bool:
    """Whether somebody who knows the category could take this object for the referent."""
    return (
        other.category == sample.category and not other.crowd and other.annotation_id != sample.annotation_id
    )
