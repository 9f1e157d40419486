"""Rates of identity: how often a mask is of the right instance, and how well it is drawn then."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.metrics.chance import Draw
from rebench.metrics.estimates import Images
from rebench.metrics.identity import ACCEPT, COVERED, LEAD, OUTCOMES, RIGHT

if TYPE_CHECKING:
    import pandas as pd

Cells = Mapping[str, NDArray[np.bool_]]


def identity_section(scores: "pd.DataFrame", draw: Draw, cells: Cells, images: Images) -> dict[str, Any]:
    """The part "identity" of a summary, with ratios that are still to be settled.

    Rates are over the contested expressions, those whose picture has at least two instances of the referent's
    category; the others are counted apart as "single", or "unknown" where the picture's objects cannot be
    decoded. The counts of outcomes are over all expressions and sum to n. docs/identity.md has the formulas.

    Args:
        scores: the columns outcome, candidates, assigned, annotation_id, iou and on_crowd of scores.parquet,
            n rows.
        draw: what a random instance is worth, on the same rows.
        cells: "overall" and the groups, bool (n,) each.
        images: the images of the rows.
    """
    found = {name: _cell(scores, draw, cell, images) for name, cell in cells.items()}
    return {
        "rule": {"accept": ACCEPT, "lead": LEAD, "covered": COVERED},
        "overall": found.pop("overall"),
        "groups": found,
    }


def _cell(scores: "pd.DataFrame", draw: Draw, cell: NDArray[np.bool_], images: Images) -> dict[str, Any]:
    outcome, iou = scores["outcome"].to_numpy(), scores["iou"].to_numpy(float)
    candidates = scores["candidates"].to_numpy()
    contested, single = cell & (candidates >= 2), cell & (candidates == 1)
    right = np.isin(outcome, RIGHT).astype(float)
    on_crowd = cell & (outcome == "other") & scores["on_crowd"].to_numpy(bool)
    return {
        **images.size(cell),
        "contested": images.size(contested),
        "accuracy": images.mean(right, contested),
        "referent_leads": images.mean(scores["assigned"] == scores["annotation_id"], contested),
        "wrong_instance": images.mean(outcome == "wrong_instance", contested),
        "iou_given_right": images.ratio(right * iou, right, contested),
        "chance": images.mean(1 / np.maximum(candidates, 1), contested),
        "random_instance": {
            "accuracy": images.mean(draw.right, contested),
            "wrong_instance": images.mean(draw.wrong, contested),
            "iou_given_right": images.ratio(draw.iou_right, draw.right, contested),
        },
        "outcomes": {
            name: {"n": int((cell & (outcome == name)).sum()), "share": images.mean(outcome == name, cell)}
            for name in OUTCOMES
            if name != "unknown" or (outcome == name).any()
        },
        "on_crowd": int(on_crowd.sum()),
        "single": {**images.size(single), "accuracy": images.mean(right, single)},
        "unknown": images.size(cell & (candidates == 0)),
    }
