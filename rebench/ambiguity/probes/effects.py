"""What a probe does to predictions: how far they move, towards what, and what becomes of the scores."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.metrics.estimates import Images, Ratio
from rebench.metrics.identity import OUTCOMES, RIGHT
from rebench.stats.bootstrap import Floats

if TYPE_CHECKING:
    import pandas as pd

Cells = Mapping[str, NDArray[np.bool_]]
Pair = tuple["pd.DataFrame", "pd.DataFrame"]
"""Scores of the same samples in the same order, (n,) each: by the original sentence, by the probe's."""

CHANGED = 0.5
"""Below this IoU with the original prediction, a prediction is another one."""


def probe_effects(
    scores: Pair,
    agreement: Floats,
    cells: Cells,
    others: Pair | None = None,
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Any:
    """ "overall" and "groups" of one probe; docs/probes.md has the formulas.

    Args:
        scores: against the referent of the original sentence.
        agreement: IoU between the original and the probed prediction, (n,).
        cells: "overall" and the groups of the original sentences, bool (n,) each.
        others: scores against the target that the probe's sentence was borrowed from, where it was.
        resamples: of the intervals, which draw whole images.
        rng: the source of their chance.
    """
    images = Images(scores[0]["image_id"])
    found = {}
    for name, cell in cells.items():
        found[name] = _cell(scores, agreement, cell, images)
        if others is not None:
            found[name]["follow"] = _follow(others, cell, images)
    return images.settle({"overall": found.pop("overall"), "groups": found}, resamples, rng)


def _cell(scores: Pair, agreement: Floats, cell: NDArray[np.bool_], images: Images) -> dict[str, Any]:
    candidates = scores[0]["candidates"].to_numpy()
    contested, chance = cell & (candidates >= 2), 1 / np.maximum(candidates, 1)
    before, after = _right(scores)
    return {
        **images.size(cell),
        "movement": images.mean(1 - agreement, cell),
        "changed": images.mean(agreement < CHANGED, cell),
        "miou": _change(_ious(scores), cell, images),
        "contested": images.size(contested),
        "identity": {
            **_change((before, after), contested, images),
            "chance": images.mean(chance, contested),
            "above_chance": images.mean(after - chance, contested),
            "kept": images.ratio(before * after, before, contested),
            "committed": _committed(scores[1], after, chance, contested, images),
        },
        "outcomes": _transitions(*(frame["outcome"].to_numpy()[cell] for frame in scores)),
    }


def _committed(
    scores: "pd.DataFrame", right: Floats, chance: Floats, contested: NDArray[np.bool_], images: Images
) -> dict[str, Ratio]:
    """Of the masks that are one instance's, how many are the referent's."""
    one = contested & scores["outcome"].isin((*RIGHT, "wrong_instance")).to_numpy(bool)
    values = {"right": right, "chance": chance, "above_chance": right - chance}
    return {"share": images.mean(one, contested)} | {
        name: images.mean(value, one) for name, value in values.items()
    }


def _follow(others: Pair, cell: NDArray[np.bool_], images: Images) -> dict[str, Any]:
    """How near predictions are to the other target."""
    contested = cell & (others[0]["candidates"].to_numpy() >= 2)
    return {
        "miou": _change(_ious(others), cell, images),
        "identity": _change(_right(others), contested, images),
    }


def _change(pair: tuple[Floats, Floats], cell: NDArray[np.bool_], images: Images) -> dict[str, Ratio]:
    """Two means and the mean difference, paired."""
    before, after = pair
    values = {"before": before, "after": after, "difference": after - before}
    return {name: images.mean(value, cell) for name, value in values.items()}


def _ious(scores: Pair) -> tuple[Floats, Floats]:
    before, after = (frame["iou"].to_numpy(float) for frame in scores)
    return before, after


def _right(scores: Pair) -> tuple[Floats, Floats]:
    """1 where the mask is of the right instance."""
    before, after = (frame["outcome"].isin(RIGHT).to_numpy().astype(np.float64) for frame in scores)
    return before, after


def _transitions(before: NDArray[Any], after: NDArray[Any]) -> dict[str, dict[str, int]]:
    """How many expressions went from which outcome to which; what did not occur is left out."""
    counts = {
        was: {now: int(((before == was) & (after == now)).sum()) for now in OUTCOMES} for was in OUTCOMES
    }
    return {was: {now: n for now, n in row.items() if n} for was, row in counts.items() if any(row.values())}
