"""From scores to the terms of a metric: one numerator and one denominator per sample."""

import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rebench.errors import RebenchError
from rebench.stats.sums import Floats

Scores = Any
"""Scores of one run, a row per sample: a pandas frame (scores.parquet), a mapping of arrays, a structured
array or any object with the attributes intersection, union, iou; or a plain array of the values to be
averaged: IoU for "miou" and "pr..", and two columns, intersection and union, for "oiou"."""

_HIT = re.compile(r"pr(\d{1,2})")
_COLUMNS = {"biou": "boundary_iou"}
"""Metrics that average a column of another name."""


class Terms(NamedTuple):
    """Numerators and denominators per sample and run, (n, runs) each; 0 in both for unknown samples, (n,)."""

    above: Floats
    below: Floats
    unknown: NDArray[np.bool_]


def metric_terms(runs: Iterable[Scores], metric: str, names: Iterable[str] = ()) -> Terms:
    """What every sample adds to a metric, in each of several runs.

    "oiou": intersection over union, in pixels. "miou": IoU over 1. "pr50" to "pr99": whether IoU >= X
    over 1, unless the scores have a column of that name (protocols differ in strictness). "identity": the
    column of that name over 1, the accuracy where there are other instances to take for the referent.
    "biou": the column "boundary_iou" over 1. Any other name: that column over 1. IoU is the column "iou",
    else intersection / union, and 1 where both masks are empty, as under protocol "original".

    A sample that is unknown (NaN) in one run has 0 in both parts of all runs: the comparison is paired.

    Args:
        runs: the scores of each run, on the same samples in the same order.
        metric: as above.
        names: of the runs, for messages.

    Raises:
        RebenchError: the column is missing, or its values are not finite numbers (NaN is allowed), a
            union is negative or smaller than its intersection, or the runs differ in length.
    """
    parts = [_terms(run, metric) for run in runs]
    lengths = [len(above) for above, _ in parts]
    if len(set(lengths)) > 1:
        told = ", ".join(f"{name} {n}" for name, n in zip_longest(names, lengths, fillvalue="a run with"))
        raise RebenchError(f"the runs have different numbers of samples ({told}): compare the same samples")
    above, below = (np.column_stack(part) for part in zip(*parts, strict=True))
    unknown = np.isnan(above).any(axis=1)
    above[unknown] = below[unknown] = 0.0
    return Terms(above, below, unknown)


def check_same_samples(runs: Mapping[str, Scores]) -> None:
    """Raises RebenchError if two runs name their samples (column "sample_id") and the names differ."""
    named = {name: _raw(run, "sample_id") for name, run in runs.items()}
    lists = {name: list(ids) for name, ids in named.items() if ids is not None}
    for name, ids in lists.items():
        first, reference = next(iter(lists.items()))
        if ids != reference:
            odd = [sample for sample in reference if sample not in set(ids)]
            if len(ids) == len(reference) and not odd:
                raise RebenchError(f"{name} has the samples of {first} in another order: sort both alike")
            told = f"{odd[0]!r} is missing" if odd else "it has more samples"
            raise RebenchError(f"{name} and {first} are not scores of the same samples: in {name} {told}")


def _terms(scores: Scores, metric: str) -> tuple[Floats, Floats]:
    """Numerators, NaN where unknown, and denominators, (n,) each."""
    if metric == "oiou":
        return _overlap(scores)
    values = _values(scores, metric)
    return values, np.ones_like(values)


def column(scores: Scores, name: str) -> Floats | None:
    """A column as floats, (n,), or None if the scores have none of that name."""
    found = _raw(scores, name)
    return None if found is None else _floats(found, name)


def _overlap(scores: Scores) -> tuple[Floats, Floats]:
    """Intersections and unions; NaN in both where one is unknown."""
    if isinstance(scores, np.ndarray) and scores.dtype.names is None:
        if scores.ndim != 2 or scores.shape[1] != 2:
            raise RebenchError("oiou needs intersection and union of every sample, not one value each")
        shared, union = (_floats(part, "oiou") for part in scores.T)
    else:
        shared, union = (_needed(scores, name) for name in ("intersection", "union"))
    if np.any(union < 0) or np.any(shared < 0) or np.any(shared > union):
        raise RebenchError("a union is smaller than its intersection, or negative: are the columns swapped?")
    unknown = np.isnan(shared) | np.isnan(union)
    return np.where(unknown, np.nan, shared), np.where(unknown, np.nan, union)


def _values(scores: Scores, metric: str) -> Floats:
    """The value of each sample that the metric averages; NaN where unknown."""
    hit = hit_at(metric)
    plain = isinstance(scores, list | tuple) or (
        isinstance(scores, np.ndarray) and scores.dtype.names is None
    )
    if plain:
        values = _floats(scores, metric)
    else:
        own = column(scores, _COLUMNS.get(metric, metric))
        if own is not None:
            return own
        if metric != "miou" and hit is None:
            raise RebenchError(
                f"no column {metric!r}: a metric is oiou, miou, pr50 to pr99, identity, biou or a column;"
                " scores of an older version lack some, `rebench score RUN` adds them"
            )
        values = _iou(scores)
    return values if hit is None else _hits(values, hit)


def hit_at(metric: str) -> float | None:
    """The X of "pr50" and the like, 0.5; None for another metric."""
    hit = _HIT.fullmatch(metric)
    return int(hit[1]) / 100 if hit else None


def _hits(values: Floats, threshold: float) -> Floats:
    return np.where(np.isnan(values), np.nan, (values >= threshold).astype(np.float64))


def _iou(scores: Scores) -> Floats:
    stored = column(scores, "iou")
    if stored is not None:
        return stored
    shared, union = _overlap(scores)
    return np.divide(shared, union, out=np.where(np.isnan(union), np.nan, 1.0), where=union > 0)


def _needed(scores: Scores, name: str) -> Floats:
    values = column(scores, name)
    if values is None:
        raise RebenchError(f"the scores have no {name!r}: oiou and iou need intersection and union")
    return values


def _raw(scores: Scores, name: str) -> Any:
    if isinstance(scores, np.ndarray):
        return scores[name] if name in (scores.dtype.names or ()) else None
    if hasattr(scores, "keys"):
        return scores.get(name)
    return getattr(scores, name, None)


def _floats(values: Any, name: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise RebenchError(f"{name!r} is not a column of numbers") from None
    if array.ndim != 1:
        raise RebenchError(f"{name!r} has shape {array.shape}: give one value per sample")
    if np.isinf(array).any():
        raise RebenchError(f"{name!r} has infinite values: a score is a number, or NaN where unknown")
    return array
