"""Generalised referring segmentation (gRefCOCO): expressions with one target, several, or none.

Source: Liu, Ding and Jiang, GRES (CVPR 2023), and the evaluator of its code base ReLA. Masks are made and
compared by the protocol `rela`; what an expression without a target is worth is decided here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.data.split import Rle
from rebench.errors import RebenchError
from rebench.metrics.aggregate import Floats, is_hit, sample_iou
from rebench.metrics.masking import Mask, OutputError, sigmoid, to_mask
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.metrics.runs import Ints, count_overlaps
from rebench.metrics.samples import as_array, picture_size, with_input_size
from rebench.metrics.targets import target_of


@dataclass(frozen=True)
class GresScores:
    """Every expression after the no-target rules, in the order given.

    Attributes:
        intersection: pixels added to the sum of intersections, int64 (n,).
        union: pixels added to the sum of unions, int64 (n,).
        iou: float64 (n,), 0 to 1; 1 where there is no target and none is predicted.
        target_absent: bool (n,), the expression has no target.
        predicted_absent: bool (n,), the model says that it has none.
        raw_intersection: pixels in both masks before those rules, int64 (n,).
        raw_union: pixels in either mask before those rules, int64 (n,).
    """

    intersection: Ints
    union: Ints
    iou: Floats
    target_absent: NDArray[np.bool_]
    predicted_absent: NDArray[np.bool_]
    raw_intersection: Ints
    raw_union: Ints
    _predictions: tuple[Rle, ...] = field(repr=False)

    @property
    def totals(self) -> dict[str, float | int | None]:
        """The metrics of the set, see `gres_totals`."""
        return gres_totals(self.intersection, self.union, self.iou, self.target_absent, self.predicted_absent)

    @property
    def masks(self) -> Iterator[Mask]:
        """The predicted masks as they were compared, bool (S, S) each, decoded one at a time."""
        from rebench.data.masks import decode

        return (decode(rle) for rle in self._predictions)


def score_gres(
    logits: Sequence[Any],
    targets: Sequence[Sequence[Mapping[str, Any]]],
    no_target: ArrayLike | None = None,
    input_size: int | None = None,
) -> GresScores:
    """Score expressions that may have any number of targets.

    | truth | predicted | IoU | adds to ΣI | adds to ΣU | counts as |
    |---|---|---|---|---|---|
    | no target | no target | 1 | 0 | 0 | TP |
    | no target | target | 0 | 0 | area of the prediction | FN |
    | target | no target | 0 | 0 | union of prediction and target | FP |
    | target | target | I/U, 0 where U is 0 | I | U | TN |

    An empty mask alone never says "no target": the model has to.

    Args:
        logits: per expression float (h, w) or two-channel (2, h, w) over the stretched picture.
        targets: per expression the COCO dicts of its targets ("segmentation", "height", "width"; those with
            "iscrowd" are passed over); without any, the expression has no target.
        no_target: per expression the two logits (target present, no target), (n, 2), or the decision, bool
            (n,); None: no target is never predicted. Logits go through a float32 sigmoid before the larger
            one wins; a tie, which is what both above 16.6 give, means that a target is present.
        input_size: side of the network's square input in pixels, 480 where None.

    Raises:
        RebenchError: lengths that differ, or an expression whose logits or targets are none; it is named.
    """
    choices = with_input_size(get_protocol("rela"), input_size)
    if len(logits) != len(targets):
        raise RebenchError(f"{len(logits)} logits for {len(targets)} lists of targets: give one per list")
    said_absent = _decisions(no_target, len(logits))
    pairs = [_sample(i, *pair, choices) for i, pair in enumerate(zip(logits, targets, strict=True))]
    predictions = tuple(prediction for prediction, _ in pairs)
    shared, union, *_ = count_overlaps(predictions, [target for _, target in pairs]).T
    absent = np.array([not objects for objects in targets], dtype=bool)
    either, both = absent | said_absent, absent & said_absent
    ious = np.where(both, 1.0, np.where(either, 0.0, sample_iou(shared, union, choices)))
    return GresScores(
        np.where(either, 0, shared), np.where(both, 0, union), ious,
        absent, said_absent, shared, union, predictions,
    )  # fmt: skip


def gres_totals(
    intersection: Ints,
    union: Ints,
    iou: Floats,
    target_absent: NDArray[np.bool_],
    predicted_absent: NDArray[np.bool_],
) -> dict[str, float | int | None]:
    """n, giou, ciou, n_acc, t_acc, pr70, pr80, pr90 as fractions, and the counts tp, tn, fp, fn.

    gIoU is the mean IoU over all expressions, cIoU is ΣI / ΣU, N-acc = TP / (TP + FN), T-acc =
    TN / (TN + FP), Pr@X the share of hits among the expressions with a target. A ratio over nothing is None.
    """
    protocol = get_protocol("rela")
    hits = {f"pr{round(100 * at)}": is_hit(iou, at, protocol)[~target_absent] for at in protocol.hits}
    tp, fn = int((target_absent & predicted_absent).sum()), int((target_absent & ~predicted_absent).sum())
    fp, tn = int((~target_absent & predicted_absent).sum()), int((~target_absent & ~predicted_absent).sum())
    return {
        "n": len(iou),
        "giou": _ratio(float(iou.sum()), len(iou)),
        "ciou": _ratio(int(intersection.sum()), int(union.sum())),
        "n_acc": _ratio(tp, tp + fn),
        "t_acc": _ratio(tn, tn + fp),
        **{name: _ratio(int(hit.sum()), len(hit)) for name, hit in hits.items()},
        "tp": tp,
        "tn": tn,
        "fp": fp,
        "fn": fn,
    }


def _decisions(no_target: ArrayLike | None, n: int) -> NDArray[np.bool_]:
    """For which expressions the model says that they have no target, bool (n,)."""
    if no_target is None:
        return np.zeros(n, dtype=bool)
    try:
        given = as_array(no_target)
    except OutputError as error:
        raise RebenchError(f"no_target: {error}") from error
    if given.dtype == np.bool_ and given.shape == (n,):
        return given
    if not np.issubdtype(given.dtype, np.floating) or given.shape != (n, 2) or np.isnan(given).any():
        raise RebenchError(
            f"no_target wants two logits per expression, float ({n}, 2) without NaN, or bool ({n},):"
            f" got {given.dtype} {given.shape}"
        )
    chances = sigmoid(given.astype(np.float32))
    absent: NDArray[np.bool_] = chances[:, 1] > chances[:, 0]
    return absent


def _sample(
    index: int, output: Any, targets: Sequence[Mapping[str, Any]], protocol: Protocol
) -> tuple[Rle, Rle]:
    """Prediction and merged targets of one expression, both of the network's input size."""
    from rebench.data.masks import encode, union_of

    side, _ = protocol.size(1, 1)
    if isinstance(targets, Mapping) or not isinstance(targets, Sequence):
        raise RebenchError(
            f"targets[{index}] is a list of COCO dicts, empty without a target: got {targets!r}"
        )
    try:
        prediction = encode(to_mask(as_array(output), side, side, protocol))
        sizes = [picture_size(target) for target in targets]
        objects = [(t, size) for t, size in zip(targets, sizes, strict=True) if not t.get("iscrowd")]
        masks = [target_of(target["segmentation"], *size, protocol) for target, size in objects]
    except KeyError as error:
        raise RebenchError(f"targets[{index}] has no {error}") from None
    except (OutputError, RebenchError) as error:
        raise RebenchError(f"sample {index}: {error}") from error
    if targets and not masks:
        raise RebenchError(f"sample {index}: all of its targets are crowds, which no mask is made of")
    if not masks:
        return prediction, encode(np.zeros((side, side), dtype=bool))
    return prediction, union_of(masks)


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None
