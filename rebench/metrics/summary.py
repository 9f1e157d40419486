"""The summary of a run: metrics per group with intervals, and chance lines beside them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.ambiguity.slices import summarise_slices
from rebench.ambiguity.tagger import VERSION
from rebench.data.split import Split
from rebench.errors import RebenchError
from rebench.metrics.aggregate import METRICS, reported, sample_values
from rebench.metrics.boundary import DILATION
from rebench.metrics.chance import guess_values
from rebench.metrics.consistency import summarise_consistency
from rebench.metrics.estimates import LEVEL, Images, Terms
from rebench.metrics.groups import group_cells
from rebench.metrics.identity_rates import identity_section
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.metrics.scoring import COLUMNS
from rebench.metrics.sizes import sizes_section
from rebench.stats.bootstrap import Floats

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
METHOD = "cluster bootstrap over images, percentile"

PARTS = {"protocol": str, "labels": str} | dict.fromkeys(
    ("coverage", "interval", "overall", "groups", "chance"), dict
)
"""What a reader of summary.json may rely on."""

LATER_PARTS = dict.fromkeys(("identity", "sizes", "edges", "consistency", "slices"), dict) | {"notes": list}
"""What a summary made by an older rebench may lack."""

LABELS = ("gold", "tagged", "unknown")
"""Where the groups of an expression come from: the data set, the tagger, nowhere."""

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
    chance lines stand for the same expressions. Beside them stand identity, sizes and edges
    (docs/identity.md), consistency (docs/consistency.md) and slices (docs/slices.md).

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
        RebenchError: unknown protocol, scores of an older version, or a score of a sample that the split does
            not have.
    """
    choices = get_protocol(protocol)
    if lacking := [name for name in COLUMNS if name not in scores]:
        raise RebenchError(f"the scores have no column {lacking[0]!r}: make them anew with `rebench score`")
    by_id = {sample.sample_id: sample for sample in split.samples}
    strange = [name for name in scores["sample_id"] if name not in by_id]
    if strange:
        raise RebenchError(f"scores of {strange[0]!r}, which is not in {split.name}")
    samples = [by_id[name] for name in scores["sample_id"]]
    cells, images = group_cells(scores), Images(scores["image_id"])
    shared, union = (scores[name].to_numpy(float) for name in ("intersection", "union"))
    guesses, draw = guess_values(samples, split, choices)
    terms = _terms(sample_values(shared, union, choices), choices)
    one = np.ones(len(scores))
    edges = {"biou": (scores["boundary_iou"].to_numpy(float), one)}
    right = {"identity": (scores["identity"].to_numpy(float), one)}
    pictures = np.array([sample.height * sample.width for sample in samples], dtype=np.float64)
    document = {
        "schema_version": SCHEMA_VERSION,
        "protocol": choices.name,
        "scored_from": scored_from,
        "notes": list(notes),
        "split": split.name,
        "coverage": _coverage(split, len(scores), failed),
        "labels": split.labels,
        "labelled": {name: int(scores["label"].eq(name).sum()) for name in LABELS},
        "tagger": VERSION,
        "interval": {"method": METHOD, "level": LEVEL, "resamples": resamples, "seed": seed},
        **_section(terms, cells, images),
        "chance": {
            name: _section(_terms(values, choices), cells, images) for name, values in guesses.items()
        },
        "identity": identity_section(scores, draw, cells, images),
        "sizes": sizes_section(scores, pictures, {**terms, **edges, **right}, images),
        "edges": {"dilation": DILATION, **_section(edges, cells, images)},
    }
    drawing: dict[str, Any] = {"protocol": choices, "seed": seed, "resamples": resamples}
    return images.settle(document, resamples, np.random.default_rng(seed)) | {
        "consistency": summarise_consistency(scores, split, **drawing),
        "slices": summarise_slices(scores, split, **drawing),
    }


def check_summary(summary: Summary, where: str) -> Summary:
    """The same document, if it is one that this version reads. Raises RebenchError otherwise."""
    known = summary.get("schema_version") == SCHEMA_VERSION and not PARTS.keys() - summary.keys()
    parts = {name: kind for name, kind in (PARTS | LATER_PARTS).items() if name in summary}
    fits = all(isinstance(summary[name], kind) for name, kind in parts.items())
    if not known or not fits or not {"failed", "text"} <= summary["coverage"].keys():
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


def _terms(values: Floats, protocol: Protocol) -> Terms:
    """Numerators and denominators of every metric, (n,) each; None for one that the protocol has not.

    `values` are the `sample_values`; a row of NaN, an unknown value, has no share in any.
    """
    below = np.ones(len(values))
    terms = {"oiou": (values[:, 0], values[:, 1])}
    terms |= {name: (values[:, 2 + i], below) for i, name in enumerate(METRICS[1:])}
    return {name: terms[name] if name in reported(protocol) else None for name in METRICS}


def _section(terms: Terms, cells: Mapping[str, NDArray[np.bool_]], images: Images) -> Summary:
    """ "overall" and "groups" of one line, with ratios that are still to be settled."""
    found = {group: images.size(cell) | images.ratios(terms, cell) for group, cell in cells.items()}
    return {"overall": found.pop("overall"), "groups": found}
