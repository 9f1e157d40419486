"""The summary of a run: metrics per group with intervals, and chance lines beside them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Split
from rebench.errors import RebenchError
from rebench.metrics.aggregate import METRICS, reported, sample_values
from rebench.metrics.chance import guess_values
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.stats.bootstrap import Floats, cluster_bootstrap

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
LEVEL = 0.95
METHOD = "cluster bootstrap over images, percentile"
GROUPS = ("simple", "object_distracting", "category_implicit", "both")
"""Four cells, each expression in exactly one: "object_distracting" and "category_implicit" are those
that are only that; "both" are those that are both."""

KEYS = {"protocol", "coverage", "labels", "interval", "overall", "groups", "chance"}
"""What a reader of summary.json may rely on."""

Summary = dict[str, Any]


def summarise(
    scores: "pd.DataFrame",
    split: Split,
    protocol: str | Protocol = "original",
    seed: int = 0,
    resamples: int = 10_000,
    *,
    failed: int = 0,
    scored_from: str = "masks",
    notes: Sequence[str] = (),
) -> Summary:
    """The document of summary.json.

    oIoU, mIoU (the mean IoU of the expressions) and Pr@X are the protocol's own, null where it computes none.
    All are fractions in 0 to 1 over the scored expressions; the intervals resample images. A group without
    expressions has n 0 and null values; an interval that cannot be estimated (a single image) is null. The
    chance lines stand for the same expressions.

    Args:
        scores: the rows of scores.parquet.
        split: the split they belong to.
        protocol: the protocol they were made with.
        seed: of the resampling; the same seed gives the same document.
        resamples: number of resamples.
        failed: expressions that were tried and have no score.
        scored_from: "masks" as the run stored them, or "logits" that it kept.
        notes: what a reader has to know about the protocol on this run.

    Raises:
        RebenchError: unknown protocol, or a score of a sample that the split does not have.
    """
    choices = get_protocol(protocol)
    by_id = {sample.sample_id: sample for sample in split.samples}
    strange = [name for name in scores["sample_id"] if name not in by_id]
    if strange:
        raise RebenchError(f"scores of {strange[0]!r}, which is not in {split.name}")
    shared, union = (scores[name].to_numpy(float) for name in ("intersection", "union"))
    lines = {"run": sample_values(shared, union, choices)}
    lines |= guess_values([by_id[name] for name in scores["sample_id"]], split, choices)
    cells, images = _cells(scores), _image_numbers(scores)
    sizes = [(int(cell.sum()), len(np.unique(images[cell]))) for cell in cells.T]
    estimates = _estimates(list(lines.values()), cells, images, np.random.default_rng(seed), resamples)
    estimates[:, :, [name not in reported(choices) for name in METRICS]] = np.nan
    sections = [_section(sizes, line) for line in estimates]
    return {
        "schema_version": SCHEMA_VERSION,
        "protocol": choices.name,
        "scored_from": scored_from,
        "notes": list(notes),
        "split": split.name,
        "coverage": _coverage(split, len(scores), failed),
        "labels": split.labels,
        "interval": {"method": METHOD, "level": LEVEL, "resamples": resamples, "seed": seed},
        **sections[0],
        "chance": dict(zip(list(lines)[1:], sections[1:], strict=True)),
    }


def check_summary(summary: Summary, where: str) -> Summary:
    """The same document, if it is one that this version reads. Raises RebenchError otherwise."""
    known = summary.get("schema_version") == SCHEMA_VERSION and not KEYS - summary.keys()
    coverage = summary.get("coverage")
    if not known or not isinstance(coverage, dict) or not {"failed", "text"} <= coverage.keys():
        raise RebenchError(f"{where} holds no summary of this version: make it with `rebench score {where}`")
    return summary


def _coverage(split: Split, scored: int, failed: int) -> Summary:
    """How much of the split the numbers stand for."""
    inside = len(split.samples)
    official = split.official.expressions if split.official else None
    whole = split.whole and scored == inside
    return {
        "scored": scored,
        "in_split": inside,
        "official": official,
        "failed": failed,
        "missing": inside - scored - failed,
        "whole": whole,
        "text": split.coverage if whole else f"{scored:,} of {official or inside:,} expressions",
    }


def _cells(scores: "pd.DataFrame") -> NDArray[np.bool_]:
    """Membership in overall and the four groups, bool (n, 5)."""
    distracting = scores["object_distracting"].to_numpy(bool)
    implicit = scores["category_implicit"].to_numpy(bool)
    return np.column_stack(
        [
            np.ones(len(scores), bool),
            ~distracting & ~implicit,
            distracting & ~implicit,
            implicit & ~distracting,
            distracting & implicit,
        ]
    )


def _image_numbers(scores: "pd.DataFrame") -> NDArray[np.intp]:
    """The image of each score, numbered from 0 in order of first appearance, (n,)."""
    images = scores["image_id"].tolist()
    numbers = {image: number for number, image in enumerate(dict.fromkeys(images))}
    return np.array([numbers[image] for image in images], dtype=np.intp)


def _estimates(
    lines: list[Floats],
    cells: NDArray[np.bool_],
    images: NDArray[np.intp],
    rng: np.random.Generator,
    resamples: int,
) -> Floats:
    """Value, low and high of every metric of every cell of every line: (lines, cells, metrics, 3).

    All share the same drawn images, so that a run and its chance lines differ by the model alone.
    """
    parts = [_sums_by_image(line, cells, images) for line in lines]
    above, below = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    estimates = np.stack(cluster_bootstrap(above, below, resamples, rng, LEVEL), axis=-1)
    return estimates.reshape(len(lines), cells.shape[1], -1, 3)


def _sums_by_image(
    values: Floats, cells: NDArray[np.bool_], images: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Numerators and denominators of every metric of every cell, (images, cells * metrics) each.

    A row of NaN, an unknown value, has no share in either.
    """
    known = ~np.isnan(values).any(axis=1, keepdims=True)
    values = np.where(known, values, 0)
    above = np.delete(values, 1, axis=1)  # intersection, IoU, hits ...
    below = np.repeat(known.astype(np.float64), above.shape[1], axis=1)
    below[:, 0] = values[:, 1]  # ... over union, 1, 1
    sums = []
    for part in (above, below):
        columns = (part[:, None, :] * cells[:, :, None]).reshape(len(part), cells.shape[1] * part.shape[1])
        total = np.zeros((len(np.unique(images)), columns.shape[1]))
        np.add.at(total, images, columns)
        sums.append(total)
    return sums[0], sums[1]


def _section(sizes: list[tuple[int, int]], estimates: Floats) -> Summary:
    """ "overall" and "groups" of one line, from its estimates (cells, metrics, 3)."""
    cells = [
        {"n": n, "images": images} | {name: _estimate(*e) for name, e in zip(METRICS, metrics, strict=True)}
        for (n, images), metrics in zip(sizes, estimates.tolist(), strict=True)
    ]
    return {"overall": cells[0], "groups": dict(zip(GROUPS, cells[1:], strict=True))}


def _estimate(value: float, low: float, high: float) -> dict[str, float | None]:
    """One E; interval ends are rounded far below their Monte Carlo error, where platforms differ."""
    ends = (None if np.isnan(end) else round(end, 9) for end in (low, high))
    return dict(zip(("value", "low", "high"), (None if np.isnan(value) else value, *ends), strict=True))
