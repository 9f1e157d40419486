"""Many tests at once: which hypotheses belong together, and the p-values adjusted for their number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats.sums import Floats

CORRECTIONS = {
    "holm": "Holm",
    "bonferroni": "Bonferroni",
    "sidak": "Sidak",
    "holm-sidak": "Holm-Sidak",
    "hochberg": "Hochberg",
    "bh": "Benjamini-Hochberg",
    "by": "Benjamini-Yekutieli",
    "none": "unadjusted",
}
"""The corrections and their names in words."""


@dataclass(frozen=True)
class Family:
    """Hypotheses that are judged together.

    Attributes:
        name: what they have in common.
        hypotheses: their names.
        p: their p-values; NaN where a hypothesis could not be tested.
        adjusted: the p-values adjusted for all that could be tested.
        correction: a key of `CORRECTIONS`.
        alpha: the level.
    """

    name: str
    hypotheses: tuple[str, ...]
    p: tuple[float, ...]
    adjusted: tuple[float, ...]
    correction: str
    alpha: float

    @property
    def size(self) -> int:
        """How many hypotheses were tested, untestable ones apart."""
        return int(np.count_nonzero(~np.isnan(self.p)))

    @property
    def rejected(self) -> tuple[str, ...]:
        """The hypotheses whose adjusted p-value is below alpha."""
        return tuple(h for h, p in zip(self.hypotheses, self.adjusted, strict=True) if p < self.alpha)

    @property
    def label(self) -> str:
        """ "Holm over 12"."""
        return f"{CORRECTIONS[self.correction]} over {self.size}"

    def as_dict(self) -> dict[str, Any]:
        """The family for JSON; an unknown p is null."""
        known = [[None if np.isnan(p) else p for p in part] for part in (self.p, self.adjusted)]
        rows = [
            {"hypothesis": h, "p": p, "p_adjusted": q}
            for h, p, q in zip(self.hypotheses, *known, strict=True)
        ]
        head = {"name": self.name, "correction": self.correction, "alpha": self.alpha, "size": self.size}
        return head | {"label": self.label, "hypotheses": rows}


def family(name: str, p_values: Mapping[str, float], correction: str = "holm", alpha: float = 0.05) -> Family:
    """Declare a family: every hypothesis that was looked at, not only those worth telling.

    Args:
        name: what the hypotheses have in common.
        p_values: p by name of the hypothesis.
        correction: a key of `CORRECTIONS`.
        alpha: the level, between 0 and 1.

    Raises:
        RebenchError: unknown correction, a p outside 0 to 1, or alpha outside (0, 1).
    """
    if not 0 < alpha < 1:
        raise RebenchError(f"alpha lies between 0 and 1, not at {alpha}: 0.05 is usual")
    p = np.array(list(p_values.values()), dtype=np.float64)
    adjusted = adjust(p, correction)
    return Family(name, tuple(p_values), tuple(p.tolist()), tuple(adjusted.tolist()), correction, alpha)


def adjust(p_values: ArrayLike, correction: str = "holm") -> Floats:
    """Adjusted p-values, (n,), in the order given; NaN stay NaN and do not count.

    "holm", "bonferroni", "sidak", "holm-sidak" and "hochberg" bound the chance of any false finding (the
    latter three need independence or positive dependence), "bh" and "by" the expected share of false
    ones among the findings ("by" under any dependence). Rejecting adjusted p below alpha is the procedure.

    Raises:
        RebenchError: unknown correction, or a p outside 0 to 1.

    Source:
        Holm (1979); Sidak (1967); Hochberg (1988); Benjamini and Hochberg (1995); Benjamini and Yekutieli
        (2001), the last two by `scipy.stats.false_discovery_control`.
    """
    if correction not in CORRECTIONS:
        raise RebenchError(f"unknown correction {correction!r}: use {', '.join(CORRECTIONS)}")
    p = np.asarray(p_values, dtype=np.float64)
    if np.any((p < 0) | (p > 1)):
        raise RebenchError("a p-value lies outside 0 to 1")
    known = ~np.isnan(p)
    adjusted = np.full(p.shape, np.nan)
    if known.any():
        adjusted[known] = np.minimum(_adjust(p[known], correction), 1.0)
    return adjusted


def _adjust(p: Floats, correction: str) -> Floats:
    count = len(p)
    if correction in ("bh", "by"):
        from scipy.stats import false_discovery_control

        return np.asarray(false_discovery_control(p, method=correction), dtype=np.float64)
    if correction == "none":
        return p
    if correction == "bonferroni":
        return p * count
    if correction == "sidak":
        return _sidak(p, np.full(count, count))
    order = np.argsort(p, kind="stable")
    left = np.arange(count, 0, -1)  # hypotheses not yet decided when this one's turn comes
    steps = _sidak(p[order], left) if correction == "holm-sidak" else p[order] * left
    adjusted = np.empty(count)
    if correction == "hochberg":
        adjusted[order] = np.minimum.accumulate(steps[::-1])[::-1]
    else:
        adjusted[order] = np.maximum.accumulate(steps)
    return adjusted


def _sidak(p: Floats, count: ArrayLike) -> Floats:
    """1 - (1 - p)^count without the loss of small p; log of 0 at p = 1 is meant."""
    with np.errstate(divide="ignore"):
        return -np.expm1(np.asarray(count) * np.log1p(-p))
