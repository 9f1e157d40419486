"""Scores of a split's expressions from stored predictions: one row per expression that could be scored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebench.ambiguity.tagger import tag
from rebench.data.split import Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.overlap import iou, overlap
from rebench.metrics.protocols import Protocol, get_protocol

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "sample_id": "string",
    "image_id": "int64",
    "ref_id": "int64",
    "intersection": "int64",
    "union": "int64",
    "predicted_area": "int64",
    "target_area": "int64",
    "iou": "float64",
    "object_distracting": "bool",
    "category_implicit": "bool",
    "outcome": "string",
}
"""The columns of scores.parquet and their types."""

CORRECT = 0.5
"""The IoU from which on an expression counts as resolved."""


@dataclass(frozen=True)
class Scored:
    """What came of scoring.

    Attributes:
        scores: one row per scored expression in the manifest's order, columns as `COLUMNS`.
        failures: why the other predictions could not be scored, by sample id: the prediction failed, or
            the target cannot be decoded or has no pixel.
    """

    scores: "pd.DataFrame"
    failures: dict[str, str]


def score_predictions(
    split: Split, predictions: "pd.DataFrame", protocol: str | Protocol = "original"
) -> Scored:
    """Compare stored predictions with the targets of the split.

    Args:
        split: where targets and group labels come from; a missing label is given by the tagger.
        predictions: the columns sample_id, height, width, rle, status and error of predictions.parquet,
            rows in any order. Rows whose status is not "ok" are failures, never empty masks.
        protocol: a protocol or its name.

    Raises:
        RebenchError: unknown protocol; a prediction that is not of this split, comes twice, has another
            size than its picture, or whose run lengths are damaged.
    """
    choices = get_protocol(protocol)
    rows = _by_sample(split, predictions)
    failures: dict[str, str] = {}
    scores: list[dict[str, Any]] = []
    referent: tuple[int, int] | None = None
    for sample in split.samples:
        row = rows.get(sample.sample_id)
        if row is None:
            continue
        if row["status"] != "ok":
            failures[sample.sample_id] = row["error"] if isinstance(row["error"], str) else "failed"
            continue
        if referent != (
            sample.image_id,
            sample.annotation_id,
        ):  # the expressions of one object stand together
            referent, target = (sample.image_id, sample.annotation_id), _target(split, sample, choices)
        if isinstance(target, RebenchError):
            failures[sample.sample_id] = f"target: {target}"
            continue
        scores.append(_score(sample, _prediction(sample, row), target, choices))
    return Scored(_frame(scores), failures)


def outcome(intersection_over_union: float, predicted_area: int) -> str:
    """`empty` where nothing was predicted, else `correct` from an IoU of 0.5 on, else `incorrect`."""
    if predicted_area == 0:
        return "empty"
    return "correct" if intersection_over_union >= CORRECT else "incorrect"


def _by_sample(split: Split, predictions: "pd.DataFrame") -> dict[str, Mapping[str, Any]]:
    """The predictions by sample id, checked against the split's manifest."""
    known = {sample.sample_id for sample in split.samples}
    rows: dict[str, Mapping[str, Any]] = {}
    needed = ["sample_id", "height", "width", "rle", "status", "error"]
    for values in zip(*(predictions[column] for column in needed), strict=True):
        row = dict(zip(needed, values, strict=True))
        name = row["sample_id"]
        if name not in known:
            raise RebenchError(
                f"prediction of {name!r}, which is not in {split.name}: is this the split it was made on?"
            )
        if name in rows:
            raise RebenchError(f"two predictions of {name!r}: keep one")
        rows[name] = row
    return rows


def _target(split: Split, sample: Sample, protocol: Protocol) -> Rle | RebenchError:
    """The true mask, or why there is none."""
    from rebench.data.masks import area

    try:
        rle = split.target(sample, protocol.overlap)
    except RebenchError as error:
        return error
    return rle if area(rle) else RebenchError(f"annotation {sample.annotation_id} has no pixel")


def _prediction(sample: Sample, row: Mapping[str, Any]) -> Rle:
    """The stored mask, checked before a C library sees it."""
    from rebench.data.masks import check

    try:
        stored = {"size": [int(row["height"]), int(row["width"])], "counts": row["rle"]}
        return check(stored, sample.height, sample.width)
    except RebenchError as error:
        raise RebenchError(
            f"stored prediction of {sample.sample_id}: {error}; begin anew with --fresh"
        ) from error


def _score(sample: Sample, prediction: Rle, target: Rle, protocol: Protocol) -> dict[str, Any]:
    counts = overlap(prediction, target)
    agreement = float(
        iou(counts.intersection, counts.union, epsilon=protocol.epsilon, both_empty=protocol.both_empty)
    )
    distracting, implicit = group_flags(sample)
    return {
        "sample_id": sample.sample_id,
        "image_id": sample.image_id,
        "ref_id": sample.ref_id,
        **counts._asdict(),
        "iou": agreement,
        "object_distracting": distracting,
        "category_implicit": implicit,
        "outcome": outcome(agreement, counts.predicted_area),
    }


def group_flags(sample: Sample) -> tuple[bool, bool]:
    """Object-distracting and category-implicit: the data set's label where it has one, else the tagger's."""
    distracting, implicit = sample.object_distracting, sample.category_implicit
    if distracting is None or implicit is None:
        tags = tag(sample.expression, sample.category)
        distracting = tags.object_distracting if distracting is None else distracting
        implicit = tags.category_implicit if implicit is None else implicit
    return distracting, implicit


def _frame(scores: list[dict[str, Any]]) -> "pd.DataFrame":
    """One row per score with the declared types, also when there is none."""
    import pandas as pd

    columns = {name: pd.Series([row[name] for row in scores], dtype=kind) for name, kind in COLUMNS.items()}
    return pd.DataFrame(columns)
