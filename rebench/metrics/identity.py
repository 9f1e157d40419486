"""Which instance a predicted mask is of: right or wrong, apart from how well it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rebench.data.masks import union_of
from rebench.data.split import Rle
from rebench.metrics.candidates import Candidates
from rebench.metrics.runs import Ints, count_overlaps
from rebench.stats.bootstrap import Floats

OUTCOMES = {
    "correct": "the IoU with the referent is at least 0.5",
    "poorly_drawn": "the mask is the referent's, but its IoU is below 0.5",
    "wrong_instance": "the mask is that of another instance of the referent's category",
    "several_instances": "the mask covers several instances of the category",
    "other": "the mask is of none of them: another category, background, a crowd",
    "empty": "nothing was predicted",
    "unknown": "the IoU is below 0.5, and the picture's other objects cannot be decoded",
}
"""What became of an expression: the names, each with its description."""

RIGHT = ("correct", "poorly_drawn")
"""The outcomes where the mask is of the right instance."""

NOBODY = ("other", "empty", "unknown")
"""The outcomes where the mask is of no instance, as far as is known."""

CORRECT = 0.5
"""The IoU from which on an expression counts as resolved."""
ACCEPT = 0.10
"""The least score of the best candidate for a mask to be its."""
LEAD = 0.05
"""The least distance of the best score to the next."""
COVERED = 0.5
"""The share of another candidate that lies in the mask, and of the best score that it reaches, from which on
the mask is also of that one."""

_ROUNDING = 1e-12
_BLOCK = 1 << 14
"""Pairs of masks that are counted at a time; a block is some tens of megabytes."""


@dataclass(frozen=True, eq=False)
class Identities:
    """Whose masks they are, in the order given.

    Attributes:
        outcome: names as in `OUTCOMES`, str (n,).
        assigned: annotation id of the referent where the mask is correct, else of the candidate that scores
            best by a clear lead, int64 (n,); -1 where none does. It stands also where the mask covers another
            one beside it, and is then neither right nor wrong.
        score: the best |P and G| / sqrt(|P| |G|) over the candidates, 0 to 1, (n,); of a correct mask the
            referent's.
        lead: that score less the best of the others, (n,), negative where a correct mask fits another
            instance better still; NaN where there is no other.
        candidates: how many instances there are to choose from, int64 (n,); 0 where nobody knows.
        on_crowd: whether more than half of the mask lies on crowds of the category, bool (n,).
    """

    outcome: NDArray[np.str_]
    assigned: Ints
    score: Floats
    lead: Floats
    candidates: Ints
    on_crowd: NDArray[np.bool_]

    @property
    def right(self) -> Floats:
        """1 where the mask is of the right instance, else 0; NaN with fewer than two candidates, (n,)."""
        return np.where(self.candidates >= 2, np.isin(self.outcome, RIGHT).astype(np.float64), np.nan)


def identify(masks: Sequence[Rle], asked: Sequence[Candidates], ious: Floats) -> Identities:
    """Assign masks to the instances that the expressions could have meant.

    The first rule that applies gives the outcome; docs/identity.md explains them one by one.

    1. empty: the mask has no pixel.
    2. correct: IoU >= CORRECT with the referent.
    3. unknown: the other objects cannot be decoded.
    4. other: more than half of the mask lies on crowds of the category.
    5. other: the best score is below ACCEPT.
    6. several_instances: the best score leads the next by less than LEAD; or another candidate, with a score
       of at least COVERED of the best, lies in the mask with at least COVERED of its pixels, not counting
       those that it shares with the best.
    7. poorly_drawn where the best is the referent, else wrong_instance.

    Args:
        masks: predictions as run lengths, (n,).
        asked: whom each expression could mean; the referent first.
        ious: of each mask with its referent, (n,), as the protocol computes it.

    Raises:
        DamagedRuns: a mask is none, or has another size than its candidates.
    """
    if not masks:
        nothing = np.empty(0)
        numbers = nothing.astype(np.int64)
        return Identities(nothing.astype(str), numbers, nothing, nothing, numbers, nothing.astype(bool))
    pairs = _Pairs(masks, asked)
    known = np.array([one.problem is None for one in asked])
    correct = ious >= CORRECT
    clear = (pairs.best >= ACCEPT - _ROUNDING) & (pairs.best - pairs.next >= LEAD - _ROUNDING)
    on_crowd = _on_crowd(masks, asked)
    outcome = np.select(
        [
            pairs.pixels == 0,
            correct,
            ~known,
            on_crowd | (pairs.best < ACCEPT - _ROUNDING),
            ~clear | pairs.covers_another(clear & ~correct),
            pairs.leader == pairs.begins,
        ],
        ["empty", "correct", "unknown", "other", "several_instances", "poorly_drawn"],
        "wrong_instance",
    )
    matched = outcome == "correct"
    chosen = np.where(matched, pairs.begins, pairs.leader)
    ids = np.array([number for one in asked for number in one.ids], dtype=np.int64)
    score, others = pairs.score[chosen], np.where(chosen == pairs.leader, pairs.next, pairs.best)
    return Identities(
        outcome,
        np.where(matched | (clear & ~np.isin(outcome, NOBODY)), ids[chosen], -1),
        score,
        np.where(np.isfinite(others), score - others, np.nan),
        np.where(known, [len(one.ids) for one in asked], 0).astype(np.int64),
        on_crowd,
    )


class _Pairs:
    """Every mask with every one of its candidates, mask by mask.

    Attributes:
        owner: the mask of each pair, (pairs,).
        begins: the first pair of each mask, that with the referent, (n,).
        shared, areas: pixels in both, and of the candidate, (pairs,).
        pixels: of the mask, (n,).
        score: |P and G| / sqrt(|P| |G|), 0 where one of them has no pixel, (pairs,).
        leader: the pair with the best score of each mask, the first of several, (n,).
        best, next: that score and the best of the others, -inf where there is none, (n,).
    """

    def __init__(self, masks: Sequence[Rle], asked: Sequence[Candidates]) -> None:
        numbers = np.array([len(one.masks) for one in asked])
        self.owner = np.repeat(np.arange(len(masks)), numbers)
        self.begins = np.cumsum(numbers) - numbers
        self._instances = [mask for one in asked for mask in one.masks]
        self.shared, _, pixels, self.areas = _counts(
            [masks[i] for i in self.owner.tolist()], self._instances
        ).T
        self.pixels = pixels[self.begins]
        below = np.sqrt(pixels.astype(np.float64) * self.areas)
        self.score = np.divide(self.shared, below, out=np.zeros(len(below)), where=below > 0)
        self.best = np.maximum.reduceat(self.score, self.begins)
        leading = np.flatnonzero(self.score == self.best[self.owner])
        self.leader = leading[np.unique(self.owner[leading], return_index=True)[1]]
        others = self.score.copy()
        others[self.leader] = -np.inf
        self.next = np.maximum.reduceat(others, self.begins)

    def covers_another(self, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of some masks hold another candidate beside their best one, bool (n,)."""
        follows = self.score >= COVERED * self.best[self.owner] - _ROUNDING
        inside = self.shared >= COVERED * self.areas
        follows[self.leader] = False
        asked = np.flatnonzero(among[self.owner] & follows & inside & (self.shared > 0))
        best = self.leader[self.owner[asked]]
        between = _counts([self._instances[i] for i in best], [self._instances[i] for i in asked])[:, 0]
        found = np.zeros(len(self.begins), dtype=bool)
        found[self.owner[asked[self.shared[asked] - between >= COVERED * self.areas[asked]]]] = True
        return found


def _on_crowd(masks: Sequence[Rle], asked: Sequence[Candidates]) -> NDArray[np.bool_]:
    """Whether more than half of each mask lies on crowds, bool (n,)."""
    owner = np.array([i for i, one in enumerate(asked) if one.crowds], dtype=np.intp)
    crowds = [union_of(one.crowds) for one in asked if one.crowds]  # they may overlap
    counts = _counts([masks[i] for i in owner], crowds)
    found = np.zeros(len(masks), dtype=bool)
    found[owner] = counts[:, 0] > counts[:, 2] / 2
    return found


def _counts(masks: Sequence[Rle], others: Sequence[Rle]) -> Ints:
    """`count_overlaps` of many pairs, block by block."""
    blocks = [
        count_overlaps(masks[start : start + _BLOCK], others[start : start + _BLOCK])
        for start in range(0, len(masks), _BLOCK)
    ]
    return np.concatenate([np.empty((0, 4), np.int64), *blocks])
