"""Scores of declared slices of a split, each beside the rest, raw and with the composition held fixed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.ambiguity.slices.declared import SLICES, STRATA, Slice
from rebench.ambiguity.slices.fields import Expressions
from rebench.ambiguity.slices.standard import Difference
from rebench.data.split import Split
from rebench.metrics.aggregate import is_hit, reported, sample_values
from rebench.metrics.estimates import LEVEL, UNKNOWN, Images, estimate
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.stats.families import adjust

if TYPE_CHECKING:
    import pandas as pd

    from rebench.stats import Panel, Settings

Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

COMPARED = ("miou", "identity")
"""The metrics in which a slice is compared with the rest."""

OF_MODEL = ("truncated",)
"""Slices that depend on the model: two runs have none of these in common."""


def summarise_slices(
    scores: "pd.DataFrame",
    split: Split,
    *,
    protocol: str | Protocol = "original",
    seed: int = 0,
    resamples: int = 10_000,
    slices: Sequence[Slice] = SLICES,
) -> dict[str, Any]:
    """Every slice's scores, and how far each of its values lies from the rest; see docs/slices.md.

    Estimates are {"value", "low", "high"}, null where there is nothing to estimate, with 95 % intervals: of
    the metrics from drawing images, of the differences by linearisation with images as units.

    Args:
        scores: the rows of scores.parquet.
        split: the split they belong to.
        protocol: the one they were made with.
        seed: of the resampling; the same seed gives the same document.
        resamples: how often the images are drawn.
        slices: those that are wanted.

    Returns:
        "strata": the fields held fixed. "slices": per name description, field, overlapping, declared (the
        names of its values), held (the fields held fixed for this one), unknown (expressions without a value)
        and "values", those that have expressions: n, images, oiou, miou, pr50, identity (over identity_n
        expressions), and "difference" per metric of `COMPARED`: raw, standardised, p and p_adjusted (Holm,
        over all slices) of the latter, strata (how many are shared), covered (the share of the slice in
        these), left_out (its expressions in the others, by stratum; "unknown" where a field is not known).

    Raises:
        RebenchError: scores of an older version, of another split, or an unknown protocol.
    """
    choices = get_protocol(protocol)
    expressions, images = Expressions(scores, split), Images(scores["image_id"])
    table, known = _table(scores, choices), set(reported(choices))
    chosen = {one.name: one.members(expressions) for one in slices}
    document: dict[str, Any] = {}
    for one in slices:
        members = chosen[one.name]
        cells = {value: _cell(images, table, inside, known) for value, inside in _inhabited(one, members)}
        document[one.name] = {
            "description": one.description,
            "field": one.field,
            "overlapping": one.overlapping,
            "declared": list(one.values),
            "held": [name for name in STRATA if name not in one.strata],
            "unknown": int((~members.any(axis=1)).sum()),
            "values": cells,
        }
    document = images.settle(document, resamples, np.random.default_rng(seed))
    for one in slices:
        members, (strata, labels) = chosen[one.name], _strata(expressions, one)
        some = np.asarray(members.any(axis=1))
        for value, inside in _inhabited(one, members):
            document[one.name]["values"][value]["difference"] = {
                metric: _difference(table[metric], inside, some, strata, labels, images.number)
                for metric in COMPARED
            }
    _adjust(document)
    return {"strata": list(STRATA), "slices": document}


def most_telling(document: dict[str, Any], count: int = 5, metric: str = "miou") -> list[dict[str, Any]]:
    """The values whose standardised difference is the surest, the smallest adjusted p first.

    Of a slice with two values, of which one says the same as the other, only the first is looked at.

    Args:
        document: as `summarise_slices` returns it.
        count: how many at most.
        metric: one of `COMPARED`.

    Returns:
        slice, value, n, estimate (of the metric), raw, standardised, p_adjusted and covered of each.
    """
    found = []
    for name, one in document["slices"].items():
        alike = not one["overlapping"] and len(one["values"]) == 2
        for value, cell in list(one["values"].items())[: 1 if alike else None]:
            difference = cell["difference"][metric]
            if difference["p_adjusted"] is not None:
                parts = {key: difference[key] for key in ("raw", "standardised", "p_adjusted", "covered")}
                found.append(
                    {"slice": name, "value": value, "n": cell["n"], "estimate": cell[metric], **parts}
                )
    found.sort(key=lambda row: (row["p_adjusted"], -abs(row["standardised"]["value"])))
    return found[:count]


def compare_slices(
    scores_a: "pd.DataFrame",
    scores_b: "pd.DataFrame",
    split: Split,
    *,
    names: tuple[str, str] = ("A", "B"),
    metrics: Sequence[str] = COMPARED,
    protocol: str | Protocol = "original",
    settings: "Settings | None" = None,
) -> "Panel":
    """The lead of one run over another on every slice, paired, with p-values adjusted for all of them.

    Args:
        scores_a: the rows of scores.parquet of A.
        scores_b: those of B, of the same expressions in the same order.
        split: the split of both.
        names: what the runs are called.
        metrics: of those of a summary, or "identity".
        protocol: the one both were made with.
        settings: how to; by default Holm over all slices and metrics.

    Returns:
        As `rebench.stats.compare_runs`; a group is "<slice>: <value>", those without expressions left out.

    Raises:
        RebenchError: the runs are not of the same expressions, scores of an older version, another split.
    """
    from rebench.stats import compare_runs

    choices = get_protocol(protocol)
    tables = {name: _table(scores, choices) for name, scores in zip(names, (scores_a, scores_b), strict=True)}
    expressions = Expressions(scores_a, split)
    groups = {
        f"{one.name}: {value}": inside
        for one in SLICES
        if one.name not in OF_MODEL
        for value, inside in _inhabited(one, one.members(expressions))
    }
    return compare_runs(tables, scores_a["image_id"].to_numpy(), groups, metrics, settings)


def _inhabited(one: Slice, members: Bools) -> list[tuple[str, Bools]]:
    """The values that have expressions, and which these are."""
    parts = [(value, np.asarray(members[:, i])) for i, value in enumerate(one.values)]
    return [(value, inside) for value, inside in parts if inside.any()]


def _table(scores: "pd.DataFrame", protocol: Protocol) -> dict[str, Any]:
    """What every expression adds to each metric, as the protocol counts."""
    shared, union = (scores[name].to_numpy(float) for name in ("intersection", "union"))
    above, below, iou = sample_values(shared, union, protocol)[:, :3].T
    return {
        "sample_id": scores["sample_id"].to_numpy(),
        "intersection": above,
        "union": below,
        "iou": iou,
        "miou": iou,
        "pr50": is_hit(iou, 0.5, protocol).astype(np.float64),
        "identity": scores["identity"].to_numpy(float),
    }


def _cell(images: Images, table: dict[str, Any], inside: Bools, known: set[str]) -> dict[str, Any]:
    """The metrics of some expressions, those that the protocol computes."""
    ratios = {
        "oiou": images.ratio(table["intersection"], table["union"], inside),
        **{name: images.mean(table[name], inside) for name in ("miou", "pr50")},
    }
    return {
        **images.size(inside),
        **{name: ratio if name in known else dict(UNKNOWN) for name, ratio in ratios.items()},
        "identity": images.mean(table["identity"], inside),
        "identity_n": int((inside & ~np.isnan(table["identity"])).sum()),
    }


def _strata(expressions: Expressions, one: Slice) -> tuple[Ints, list[str]]:
    """The stratum of each expression, -1 where a field is not known, and the name of each stratum."""
    number, labels = np.zeros(len(expressions.samples), np.intp), [""]
    for name, stratum in STRATA.items():
        if name not in one.strata:
            members = stratum.members(expressions)
            place = np.where(members.any(axis=1), members.argmax(axis=1), -1)
            number = np.where((number < 0) | (place < 0), -1, number * len(stratum.values) + place)
            labels = [f"{left}, {right}".lstrip(", ") for left in labels for right in stratum.values]
    return number, labels


def _difference(
    values: NDArray[np.float64], inside: Bools, some: Bools, strata: Ints, labels: list[str], images: Ints
) -> dict[str, Any]:
    """Raw and standardised, over the expressions that have a value of the metric and of the slice."""
    asked = some & ~np.isnan(values)
    if not (asked & ~inside).any():
        asked = np.zeros(len(asked), bool)  # there is no rest
    placed = asked & (strata >= 0)
    raw = Difference(values[asked], np.zeros(asked.sum(), np.intp), inside[asked], images[asked])
    fixed = Difference(values[placed], strata[placed], inside[placed], images[placed])
    of_slice = int((asked & inside).sum())
    own = fixed.count[1] if placed.any() else np.empty(0)
    left_out = {labels[k]: int(own[k]) for k in np.flatnonzero((own > 0) & ~fixed.shared)}
    if unplaced := of_slice - int(own.sum()):
        left_out["unknown"] = unplaced
    p = fixed.p
    return {
        "raw": estimate(raw.estimate, *raw.interval(LEVEL)),
        "standardised": estimate(fixed.estimate, *fixed.interval(LEVEL)),
        "p": None if np.isnan(p) else float(f"{p:.6g}"),
        "strata": int(fixed.shared.sum()),
        "covered": 1 - sum(left_out.values()) / of_slice if of_slice else None,
        "left_out": left_out,
    }


def _adjust(document: dict[str, Any]) -> None:
    """Put beside every p the one adjusted for all slices of its metric, by Holm."""
    cells = [cell for one in document.values() for cell in one["values"].values()]
    for metric in COMPARED:
        found = [cell["difference"][metric] for cell in cells]
        p = adjust([np.nan if one["p"] is None else one["p"] for one in found])
        for one, adjusted in zip(found, p.tolist(), strict=True):
            one["p_adjusted"] = None if np.isnan(adjusted) else float(f"{adjusted:.6g}")
