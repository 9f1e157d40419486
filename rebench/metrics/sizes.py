"""Scores by the size of the referent: small things are harder to find, and their IoU forgives less."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.metrics.estimates import Images, Terms
from rebench.stats.bootstrap import Floats

if TYPE_CHECKING:
    import pandas as pd

COCO_SIZES = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, None)}
"""COCO's sizes, in pixels of the picture: from the first number on, below the second."""

QUARTERS = ("smallest", "second", "third", "largest")
"""The four quarters of the expressions by the share of the picture that the referent takes."""


def sizes_section(scores: "pd.DataFrame", pictures: Floats, terms: Terms, images: Images) -> dict[str, Any]:
    """The part "sizes" of a summary, with ratios that are still to be settled.

    "coco" are COCO's three sizes by the pixels of the referent's mask in the picture; "relative" are the
    quarters by its share of the picture, whose bounds are the quartiles of the expressions at hand. One on a
    bound belongs to the larger ones.

    Args:
        scores: the columns target_area and picture_area of scores.parquet, n rows.
        pictures: pixels of each expression's picture, (n,): a protocol may compare on another grid.
        terms: the metrics.
        images: the images of the rows.
    """
    areas, grids = (scores[name].to_numpy(float) for name in ("target_area", "picture_area"))
    shares = areas / grids
    bounds = np.quantile(shares, [0, 0.25, 0.5, 0.75, 1]).tolist() if len(shares) else [0.0] * 5
    quarters = {
        name: (bounds[i], bounds[i + 1] if i < len(QUARTERS) - 1 else None) for i, name in enumerate(QUARTERS)
    }
    pixels = areas * (pictures / grids)  # in this order: a factor of 1 leaves them whole
    return {
        "coco": {name: _bin(pixels, *ends, terms, images) for name, ends in COCO_SIZES.items()},
        "relative": {name: _bin(shares, *ends, terms, images) for name, ends in quarters.items()},
    }


def _bin(sizes: Floats, start: float, end: float | None, terms: Terms, images: Images) -> dict[str, Any]:
    inside: NDArray[np.bool_] = (sizes >= start) & (sizes < (np.inf if end is None else end))
    return {"from": start, "below": end, **images.size(inside), **images.ratios(terms, inside)}
