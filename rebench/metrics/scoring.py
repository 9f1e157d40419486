"""Scores of a split's expressions from stored predictions: one row per expression that could be scored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rebench.ambiguity.labels import labels_of
from rebench.data.split import Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.aggregate import sample_iou
from rebench.metrics.boundary import boundary_iou
from rebench.metrics.candidates import candidates_of
from rebench.metrics.identity import identify
from rebench.metrics.masking import OutputError, of_whole_pictures, to_mask
from rebench.metrics.overlap import Overlap
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.metrics.resize import Plane
from rebench.metrics.runs import DamagedRuns, count_overlaps
from rebench.metrics.targets import has_polygons, target_in

if TYPE_CHECKING:
    import pandas as pd

CORE = {
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
"""The columns that every version of scores.parquet has, and their types."""

COLUMNS = CORE | {
    "annotation_id": "int64",
    "assigned": "int64",
    "candidates": "int64",
    "assignment": "float64",
    "lead": "float64",
    "identity": "float64",
    "on_crowd": "bool",
    "boundary_iou": "float64",
    "picture_area": "int64",
    "label": "string",
    "truncated": "boolean",
}
"""All columns that this version writes; docs/scores.md says what they hold."""


def check_scores(scores: "pd.DataFrame", where: str) -> "pd.DataFrame":
    """The same rows, if they have the columns that every version writes, and no expression twice.

    Raises:
        RebenchError: naming the run's folder, `where`, and what is wrong.
    """
    place, remedy = f"{where}/scores.parquet", f"make it anew with `rebench score {where}`"
    for name, kind in CORE.items():
        if name not in scores.columns:
            raise RebenchError(f"{place} has no column {name!r}: {remedy}")
        if kind != "string" and scores[name].dtype.kind not in "iufb":
            raise RebenchError(f"{place} has no numbers in column {name!r}: {remedy}")
    if (twice := scores["sample_id"].duplicated()).any():
        raise RebenchError(f"{place} has {scores['sample_id'][twice].iloc[0]!r} twice: {remedy}")
    return scores


@dataclass(frozen=True)
class Scored:
    """What came of scoring.

    Attributes:
        scores: one row per scored expression in the manifest's order, columns as `COLUMNS`.
        failures: why the other predictions could not be scored, by sample id: the prediction failed, or
            the target cannot be decoded, or has no pixel and the protocol counts that as failed.
        notes: where the protocol was applied to something its own code base has no rule for.
    """

    scores: "pd.DataFrame"
    failures: dict[str, str]
    notes: tuple[str, ...] = ()


class _Pair(NamedTuple):
    """A prediction that is a mask, and what it is compared with."""

    sample: Sample
    mask: Rle
    target: Rle
    truncated: bool | None


def score_predictions(
    split: Split, predictions: "pd.DataFrame", protocol: str | Protocol = "original"
) -> Scored:
    """Compare stored predictions with the targets of the split.

    Args:
        split: where targets and group labels come from; a missing label is given by the tagger.
        predictions: the columns sample_id, height, width, rle, status and error of predictions.parquet,
            rows in any order, masks as the protocol makes them. Rows whose status is not "ok" are failures,
            never empty masks.
        protocol: a protocol or its name.

    Raises:
        RebenchError: unknown protocol; a prediction that is not of this split, comes twice, has another
            size than the protocol compares, or whose run lengths are damaged.
    """
    choices = get_protocol(protocol)
    rows = _by_sample(split, predictions)
    failures: dict[str, str] = {}
    pairs: list[_Pair] = []
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
        pairs.append(_Pair(sample, _prediction(sample, row, choices), target, row.get("truncated")))
    counts = _counts(pairs)
    if choices.empty_target == "failed":
        for pair in (pair for pair, area in zip(pairs, counts[:, 3], strict=True) if not area):
            failures[pair.sample.sample_id] = f"target: annotation {pair.sample.annotation_id} has no pixel"
        pairs = [pair for pair, area in zip(pairs, counts[:, 3], strict=True) if area]
        counts = counts[counts[:, 3] > 0]
    notes = _notes(split, [pair.sample for pair in pairs], choices)
    return Scored(_frame(split, pairs, counts, choices), failures, notes)


def mask_again(
    split: Split, predictions: "pd.DataFrame", logits: Iterable[tuple[str, Plane]], protocol: str | Protocol
) -> "pd.DataFrame":
    """The predictions with the masks that a protocol makes of their logits.

    Args:
        split: the split that was predicted.
        predictions: as for `score_predictions`; their own masks are not looked at.
        logits: sample ids and float (h, w) or (2, h, w), over the whole picture; of one that comes twice the
            first counts.
        protocol: how logits become masks.

    Raises:
        RebenchError: the logits of an answered prediction are missing or none.
    """
    from rebench.data.masks import encode

    choices = of_whole_pictures(protocol)
    sizes = {sample.sample_id: (sample.height, sample.width) for sample in split.samples}
    masks: dict[str, Rle] = {}
    for name, values in logits:
        if name in sizes and name not in masks:
            try:
                masks[name] = encode(to_mask(values, *sizes[name], choices))
            except OutputError as error:
                raise RebenchError(f"kept logits of {name}: {error}; begin anew with --fresh") from error
    answered = predictions["status"] == "ok"
    missing = [name for name in predictions["sample_id"][answered] if name in sizes and name not in masks]
    if missing:
        raise RebenchError(f"no logits of {missing[0]!r} are kept: begin anew with --fresh --keep-logits")
    answers = zip(predictions["sample_id"], answered, strict=True)
    made = [masks.get(name) if ok else None for name, ok in answers]
    heights = [m["size"][0] if m else h for m, h in zip(made, predictions["height"], strict=True)]
    widths = [m["size"][1] if m else w for m, w in zip(made, predictions["width"], strict=True)]
    texts: Any = [m["counts"] if m else None for m in made]
    return predictions.assign(height=heights, width=widths, rle=texts)


def _by_sample(split: Split, predictions: "pd.DataFrame") -> dict[str, Mapping[str, Any]]:
    """The predictions by sample id, checked against the split's manifest."""
    known = {sample.sample_id for sample in split.samples}
    rows: dict[str, Mapping[str, Any]] = {}
    needed = ["sample_id", "height", "width", "rle", "status", "error"]
    needed += ["truncated"] if "truncated" in predictions else []
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
    try:
        return target_in(split, sample, protocol)
    except RebenchError as error:
        return error


def _prediction(sample: Sample, row: Mapping[str, Any], protocol: Protocol) -> Rle:
    """The stored mask; its run lengths are checked where they are counted."""
    size = [int(row["height"]), int(row["width"])]
    if isinstance(row["rle"], str) and tuple(size) == protocol.size(sample.height, sample.width):
        return {"size": size, "counts": row["rle"]}
    raise _damaged(sample, {"size": size, "counts": row["rle"]}, protocol)


def _counts(pairs: Sequence[_Pair]) -> NDArray[np.int64]:
    """Intersection, union and both areas of each pair, (n, 4)."""
    try:
        return count_overlaps([pair.mask for pair in pairs], [pair.target for pair in pairs])
    except DamagedRuns as error:
        pair = pairs[error.index]
        raise _damaged(pair.sample, pair.mask) from error


def _damaged(sample: Sample, stored: Mapping[str, Any], protocol: Protocol | None = None) -> RebenchError:
    """What is wrong with a stored mask."""
    from rebench.data.masks import check

    height, width = protocol.size(sample.height, sample.width) if protocol else stored["size"]
    try:
        check(stored, height, width)
    except RebenchError as error:
        return RebenchError(f"stored prediction of {sample.sample_id}: {error}; begin anew with --fresh")
    return RebenchError(f"the target of {sample.sample_id} has damaged run lengths: fetch the data again")


def _notes(split: Split, samples: Sequence[Sample], protocol: Protocol) -> tuple[str, ...]:
    """What a reader of scores under another code base's protocol has to know."""
    notes = []
    if protocol.view == "letterboxed":
        notes.append(
            f"the logits of a run cover the whole picture: the warp of {protocol.name} undoes a stretch,"
            " not a letterbox"
        )
    if protocol.target == "polygons":
        without = sum(not has_polygons(split.segmentation(sample)) for sample in samples)
        if without:
            notes.append(
                f"{without:,} of {len(samples):,} targets have no polygons, which the code of {protocol.name}"
                " needs: their masks were reduced to its grid by nearest"
            )
    return tuple(notes)


def _frame(
    split: Split, pairs: Sequence[_Pair], counts: NDArray[np.int64], protocol: Protocol
) -> "pd.DataFrame":
    """One row per score with the declared types, also when there is none."""
    import pandas as pd

    samples, masks, targets = ([getattr(p, part) for p in pairs] for part in ("sample", "mask", "target"))
    ious = sample_iou(counts[:, 0], counts[:, 1], protocol)
    identities = identify(masks, candidates_of(samples, targets, split, protocol), ious)
    labels = labels_of(samples)
    columns = {
        "sample_id": [sample.sample_id for sample in samples],
        "image_id": [sample.image_id for sample in samples],
        "ref_id": [sample.ref_id for sample in samples],
        **dict(zip(Overlap._fields, counts.T, strict=True)),
        "iou": ious,
        "object_distracting": [distracting for distracting, _ in labels.flags],
        "category_implicit": [implicit for _, implicit in labels.flags],
        "outcome": identities.outcome,
        "annotation_id": [sample.annotation_id for sample in samples],
        "assigned": identities.assigned,
        "candidates": identities.candidates,
        "assignment": identities.score,
        "lead": identities.lead,
        "identity": identities.right,
        "on_crowd": identities.on_crowd,
        "boundary_iou": boundary_iou(masks, targets, protocol.both_empty),
        "picture_area": [target["size"][0] * target["size"][1] for target in targets],
        "label": labels.sources,
        "truncated": [pair.truncated for pair in pairs],
    }
    return pd.DataFrame({name: pd.Series(columns[name], dtype=kind) for name, kind in COLUMNS.items()})
