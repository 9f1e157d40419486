"""What a score is worth: what is to be expected of guesses that never read the expression."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rebench.data.split import Sample, Split
from rebench.metrics.aggregate import METRICS, sample_values
from rebench.metrics.candidates import Candidates, candidates_of
from rebench.metrics.identity import RIGHT, identify
from rebench.metrics.protocols import Protocol
from rebench.metrics.runs import count_overlaps
from rebench.metrics.targets import target_in
from rebench.stats.bootstrap import Floats

GUESSES = {
    "empty_mask": "nothing at all",
    "full_mask": "the whole picture",
    "random_instance": "a perfect mask of a random instance of the right category",
}
"""The guesses by name, in words."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Draw:
    """What to expect, per expression, of somebody who draws one candidate at random and masks it perfectly.

    Attributes:
        values: the `sample_values`, (n, len(METRICS) + 1).
        right: how often the mask is judged to be of the right instance, (n,).
        wrong: how often of a wrong one, (n,).
        iou_right: the IoU where it is the right one, and 0 where it is not, (n,).

    All are NaN where the candidates are unknown.
    """

    values: Floats
    right: Floats
    wrong: Floats
    iou_right: Floats


def guess_values(
    samples: Sequence[Sample], split: Split, protocol: Protocol
) -> tuple[dict[str, Floats], Draw]:
    """Expected `sample_values` of each guess, (n, len(METRICS) + 1), and all about the random instance.

    It is drawn uniformly from the picture's annotated objects of the referent's category, without crowds and
    with the referent itself; its mask is taken as perfect (the others' masks are brought to the protocol's
    grid by nearest). Where one of the picture's objects cannot be decoded, the values are NaN and a warning
    says so.
    """
    numbers: dict[tuple[int, int, str], int] = {}
    of = [numbers.setdefault((s.image_id, s.annotation_id, s.category), len(numbers)) for s in samples]
    first = np.unique(np.array(of, dtype=np.intp), return_index=True)[1]
    shown = [samples[i] for i in first]
    referents = candidates_of(shown, [target_in(split, s, protocol) for s in shown], split, protocol)
    _warn(shown, referents)
    area, drawn = _draw(referents, protocol)
    sizes = [protocol.size(sample.height, sample.width) for sample in samples]
    pixels = np.array([height * width for height, width in sizes], dtype=np.float64)
    draw = Draw(drawn.values[of], drawn.right[of], drawn.wrong[of], drawn.iou_right[of])
    return {
        "empty_mask": sample_values(np.zeros(len(samples)), area[of], protocol),
        "full_mask": sample_values(area[of], pixels, protocol),
        "random_instance": draw.values,
    }, draw


def _draw(referents: Sequence[Candidates], protocol: Protocol) -> tuple[Floats, Draw]:
    """Per referent its area, and the means over its candidates, each of them drawn as the answer."""
    if not referents:
        none = np.empty(0)
        return none, Draw(np.empty((0, len(METRICS) + 1)), none, none, none)
    numbers = np.array([len(one.ids) for one in referents])
    begins = np.cumsum(numbers) - numbers
    masks = [mask for one in referents for mask in one.masks]
    asked = [one for one in referents for _ in one.masks]
    counts = count_overlaps(masks, [one.masks[0] for one in asked])
    values = sample_values(counts[:, 0], counts[:, 1], protocol)
    outcome = identify(masks, asked, values[:, 2]).outcome
    right = np.isin(outcome, RIGHT).astype(np.float64)
    terms = np.column_stack([values, right, outcome == "wrong_instance", right * values[:, 2]])
    means = np.add.reduceat(terms, begins, axis=0) / numbers[:, None]
    means[[one.problem is not None for one in referents]] = np.nan
    draw = Draw(means[:, :-3], *means[:, -3:].T)
    return counts[begins, 3].astype(np.float64), draw


def _warn(samples: Sequence[Sample], referents: Sequence[Candidates]) -> None:
    """One warning per picture whose objects are unknown."""
    problems = {s.image_id: one.problem for s, one in zip(samples, referents, strict=True) if one.problem}
    for image_id, problem in problems.items():
        _log.warning("identity and the chance of a random instance leave out image %d: %s", image_id, problem)
