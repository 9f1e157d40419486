"""Is an object found however it is described? Metrics of targets that several expressions refer to.

A target is one annotated object; its expressions are the samples of the split that refer to it. Everything is
an average over targets: each counts once, however many expressions it has.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Split
from rebench.errors import RebenchError
from rebench.metrics.aggregate import is_hit
from rebench.metrics.estimates import LEVEL, Estimate, Images, estimate
from rebench.metrics.groups import group_cells
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.stats.bootstrap import Floats, replicates
from rebench.stats.intervals import percentile
from rebench.stats.sums import ClusterSums

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]

THRESHOLDS = (0.5, 0.7, 0.9)
"""The X of All@X."""

AMBIGUOUS = ("object_distracting", "category_implicit", "both")
"""The groups to which right answers may be kept from the simple one; "ambiguous" is all of them together."""

NEEDED = ("image_id", "annotation_id", "iou", "identity", "object_distracting", "category_implicit")
"""The columns of scores.parquet that are read; "label" too, where it is there."""


def summarise_consistency(
    scores: "pd.DataFrame",
    split: Split,
    *,
    protocol: str | Protocol = "original",
    seed: int = 0,
    resamples: int = 10_000,
) -> dict[str, Any]:
    """How alike the expressions of one target are answered; docs/consistency.md has the formulas.

    Estimates are fractions, {"value", "low", "high"} with 95 % intervals from drawing images, null where
    there is nothing to estimate. "n" is the number of targets that count.

    Args:
        scores: the rows of scores.parquet.
        split: the split they belong to.
        protocol: the one they were made with; it says which IoU is a hit.
        seed: of the resampling; the same seed gives the same document.
        resamples: how often the images are drawn.

    Returns:
        "several": targets with two scored expressions or more; n, images, expressions, incomplete (those of
        which a further expression has no score), and the estimates worst_iou, mean_iou, all_50, all_70,
        all_90. "identity": of these the targets whose picture has an instance to confuse them with; n,
        images, all_right, accuracy. "retention", for "ambiguous" and each group of `AMBIGUOUS`: targets with
        a simple and such an expression; n, images, simple, ambiguous, both, retention, after_wrong, index.

    Raises:
        RebenchError: scores of an older version, of another split, or an unknown protocol.
    """
    if missing := [name for name in NEEDED if name not in scores]:
        raise RebenchError(f"the scores have no column {missing[0]!r}: make them anew with `rebench score`")
    expressions = Counter((sample.image_id, sample.annotation_id) for sample in split.samples)
    targets = _Targets(scores)
    if unknown := [key for key in targets.keys if key not in expressions]:
        raise RebenchError(
            f"scores of annotation {unknown[0][1]} in image {unknown[0][0]}, which is not in {split.name}"
        )
    images = Images(image for image, _ in targets.keys)
    sections = {
        "several": _several(targets, images, expressions, get_protocol(protocol)),
        "identity": _identity(targets, images),
    }
    cells = group_cells(scores)
    ambiguous = {"ambiguous": np.logical_or.reduce([cells[group] for group in AMBIGUOUS])} | cells
    pairs = {group: _Pairs(targets, cells["simple"], ambiguous[group]) for group in ("ambiguous", *AMBIGUOUS)}
    sections["retention"] = {group: pair.section(images) for group, pair in pairs.items()}
    document = images.settle(sections, resamples, np.random.default_rng(seed))
    for group, index in _indices(pairs, images, resamples, seed).items():  # the same seed, the same images
        document["retention"][group]["index"] = index
    return document


def loevinger_h(both: Floats, first: Floats, second: Floats) -> Floats:
    """How far two answers go together, as a share of what their marginals allow; NaN where they allow none.

    H = (P(both) - P(first) P(second)) / (min(P(first), P(second)) - P(first) P(second)): 0 where they are
    independent, 1 where the rarer never comes without the other, negative where they shun each other.

    Source:
        Loevinger, "The technique of homogeneous tests" (1948). Warrens, "On association coefficients for
        2 x 2 tables" (2008): phi, kappa and others become H once they are corrected for chance and for
        their maximum. Cole's C7 (1949) is the same where the association is positive.
    """
    expected = first * second
    room = np.minimum(first, second) - expected
    allowed = room > 1e-12  # a marginal of 0 or 1 leaves none
    return np.divide(both - expected, room, out=np.full(np.shape(room), np.nan), where=allowed)


class _Targets:
    """The targets of some scores.

    Attributes:
        keys: image and annotation id of each, (targets,), in order of first appearance.
        of: the target of each score, (n,).
        iou, right: of each score, (n,); right is NaN where there was nothing to confuse the target with.
        known: where right is known, bool (n,).
    """

    def __init__(self, scores: "pd.DataFrame") -> None:
        keys = list(zip(scores["image_id"].tolist(), scores["annotation_id"].tolist(), strict=True))
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        self.keys = list(numbers)
        self.of: NDArray[np.intp] = np.array([numbers[key] for key in keys], dtype=np.intp)
        self.iou = scores["iou"].to_numpy(float)
        self.right = scores["identity"].to_numpy(float)
        self.known: Bools = ~np.isnan(self.right)

    def count(self, chosen: Bools) -> NDArray[np.int64]:
        """How many of the chosen scores each target has, (targets,)."""
        return np.bincount(self.of[chosen], minlength=len(self.keys)).astype(np.int64)

    def mean(self, values: Floats, chosen: Bools) -> Floats:
        """Per target the mean over the chosen scores, (targets,); NaN where there is none."""
        count = self.count(chosen)
        total = np.bincount(self.of[chosen], values[chosen], minlength=len(self.keys))
        return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


def _several(
    targets: _Targets, images: Images, there: Counter[tuple[int, int]], protocol: Protocol
) -> dict[str, Any]:
    every = np.ones(len(targets.of), bool)
    count = targets.count(every)
    worst = np.full(len(count), np.inf)
    np.minimum.at(worst, targets.of, targets.iou)
    where = count > 1
    lacking = np.array([there[key] for key in targets.keys], dtype=np.int64) > count
    return {
        **images.size(where),
        "expressions": int(count[where].sum()),
        "incomplete": int((where & lacking).sum()),
        "worst_iou": images.mean(worst, where),
        "mean_iou": images.mean(targets.mean(targets.iou, every), where),
        **{f"all_{round(100 * at)}": images.mean(is_hit(worst, at, protocol), where) for at in THRESHOLDS},
    }


def _identity(targets: _Targets, images: Images) -> dict[str, Any]:
    share, where = targets.mean(targets.right, targets.known), targets.count(targets.known) > 1
    return {
        **images.size(where),
        "all_right": images.mean(share == 1, where),
        "accuracy": images.mean(share, where),
    }


class _Pairs:
    """A random simple and a random ambiguous expression of each target that has both: are they right?"""

    def __init__(self, targets: _Targets, simple: Bools, ambiguous: Bools) -> None:
        first, second = targets.known & simple, targets.known & ambiguous
        self.where = (targets.count(first) > 0) & (targets.count(second) > 0)
        self.simple, self.ambiguous = (targets.mean(targets.right, chosen) for chosen in (first, second))
        self.both = self.simple * self.ambiguous
        self.marginals = self.both, self.simple, self.ambiguous

    def section(self, images: Images) -> dict[str, Any]:
        """Both marginals, both together, and the ambiguous given the simple."""
        simple, ambiguous, both = self.simple, self.ambiguous, self.both
        return {
            **images.size(self.where),
            "simple": images.mean(simple, self.where),
            "ambiguous": images.mean(ambiguous, self.where),
            "both": images.mean(both, self.where),
            "retention": images.ratio(both, simple, self.where),
            "after_wrong": images.ratio(ambiguous - both, 1 - simple, self.where),
        }


def _indices(pairs: Mapping[str, _Pairs], images: Images, resamples: int, seed: int) -> dict[str, Estimate]:
    """Loevinger's H of the two answers in every group."""
    ratios = [images.mean(part, pair.where) for pair in pairs.values() for part in pair.marginals]
    above, below = (np.column_stack([getattr(r, side) for r in ratios]) for side in ("above", "below"))
    sums = ClusterSums(above, below)
    drawn = replicates(sums, resamples, np.random.default_rng(seed))
    value, replicated = (_h_of_columns(table) for table in (sums.values[None], drawn))
    found = zip(value[0].tolist(), *(end.tolist() for end in percentile(replicated, LEVEL)), strict=True)
    return {group: estimate(*one) for group, one in zip(pairs, found, strict=True)}


def _h_of_columns(table: Floats) -> Floats:
    """H of every three columns: both, first, second."""
    return np.column_stack([loevinger_h(*table[:, i : i + 3].T) for i in range(0, table.shape[1], 3)])
