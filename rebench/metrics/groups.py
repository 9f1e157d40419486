"""The kinds of ambiguity as groups of scores: each expression is in exactly one."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("simple", "object_distracting", "category_implicit", "both")
"""Four groups, always reported: "object_distracting" and "category_implicit" are those that are only that;
"both" are those that are both."""

UNKNOWN = "unknown"
"""A fifth, reported where it has expressions: the tagger cannot read them, so that nobody knows."""


def group_cells(scores: "pd.DataFrame") -> dict[str, NDArray[np.bool_]]:
    """Membership in "overall" and in every group, bool (n,) each, in the order of reports."""
    distracting = scores["object_distracting"].to_numpy(bool)
    implicit = scores["category_implicit"].to_numpy(bool)
    known = ~unreadable(scores)
    cells = {
        "overall": np.ones(len(scores), bool),
        "simple": known & ~distracting & ~implicit,
        "object_distracting": known & distracting & ~implicit,
        "category_implicit": known & implicit & ~distracting,
        "both": known & distracting & implicit,
    }
    return cells if known.all() else {**cells, UNKNOWN: ~known}


def unreadable(scores: "pd.DataFrame") -> NDArray[np.bool_]:
    """Which expressions the tagger could not read, bool (n,); none in scores that do not say."""
    if "label" not in scores:
        return np.zeros(len(scores), bool)
    return scores["label"].eq(UNKNOWN).to_numpy(bool)
