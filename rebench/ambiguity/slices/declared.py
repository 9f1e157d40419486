"""Every slice as a record: its name, what it is computed from, its values, and who belongs to each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rebench.ambiguity.slices.categories import OTHER, SUPERCATEGORIES
from rebench.ambiguity.slices.fields import Bools, Expressions, Floats
from rebench.ambiguity.slices.subject import FORMS
from rebench.ambiguity.slices.words import RELATIONS


@dataclass(frozen=True)
class Slice:
    """A way to divide expressions.

    Attributes:
        name: in documents and tables.
        description: in one line.
        field: what it is computed from.
        values: the names of its parts, in order.
        members: who belongs to which value, bool (n, values); nobody knows where a row is all false.
        overlapping: whether an expression may have several values; else it has one at most.
        strata: the fields of `STRATA` that the slice itself decides, and that cannot be held fixed.
    """

    name: str
    description: str
    field: str
    values: tuple[str, ...]
    members: Callable[[Expressions], Bools]
    overlapping: bool = False
    strata: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stratum:
    """One of the fields that are held fixed when a slice is compared with the rest.

    Attributes:
        values: the names of its parts, in order.
        members: as for `Slice`.
    """

    values: tuple[str, ...]
    members: Callable[[Expressions], Bools]


def _bins(field: Callable[[Expressions], Floats], *edges: float) -> Callable[[Expressions], Bools]:
    """Below the first edge, from the first edge on, ...: an edge belongs to the bin above it."""

    def members(expressions: Expressions) -> Bools:
        values = field(expressions)
        inside = np.digitize(values, edges)[:, None] == np.arange(len(edges) + 1)
        return np.asarray(inside & ~np.isnan(values)[:, None])

    return members


def _named(
    field: Callable[[Expressions], Sequence[str | None]], names: Sequence[str]
) -> Callable[[Expressions], Bools]:
    def members(expressions: Expressions) -> Bools:
        return np.array([[value == name for name in names] for value in field(expressions)], bool).reshape(
            -1, len(names)
        )

    return members


def _or_none(field: Callable[[Expressions], Bools]) -> Callable[[Expressions], Bools]:
    """The flags, and last whether there is none."""

    def members(expressions: Expressions) -> Bools:
        flags = field(expressions)
        return np.column_stack([flags, ~flags.any(axis=1)])

    return members


_distractors = _bins(lambda e: e.distractors, 1, 2, 3)
_size = _bins(lambda e: e.relative_size, 0.01, 0.03, 0.10)
_DISTRACTORS, _SIZES = ("0", "1", "2", "3+"), ("under 1 %", "1-3 %", "3-10 %", "10 % or more")
_CATEGORIES = (*SUPERCATEGORIES, OTHER)

SLICES = (
    Slice(
        "words",
        "words of the expression",
        "expression",
        ("1-3", "4-7", "8-12", "13+"),
        _bins(lambda e: e.words, 4, 8, 13),
    ),
    Slice(
        "distractors",
        "other annotated instances of the target's category in the picture",
        "instances of the picture",
        _DISTRACTORS,
        _distractors,
        strata=("distractors",),
    ),
    Slice(
        "relative size",
        "share of the picture that the target covers",
        "target mask",
        _SIZES,
        _size,
        strata=("relative size",),
    ),
    Slice(
        "horizontal position",
        "third of the picture's width in which the target's centroid lies",
        "target mask",
        ("left", "middle", "right"),
        _bins(lambda e: e.centroid[:, 0], 1 / 3, 2 / 3),
    ),
    Slice(
        "vertical position",
        "third of the picture's height in which the target's centroid lies",
        "target mask",
        ("top", "middle", "bottom"),
        _bins(lambda e: e.centroid[:, 1], 1 / 3, 2 / 3),
    ),
    Slice(
        "category group",
        "COCO's supercategory of the target",
        "category",
        _CATEGORIES,
        _named(lambda e: e.category_group, _CATEGORIES),
    ),
    Slice(
        "subject",
        "with what word the expression stands for the target",
        "expression, by the tagger",
        FORMS,
        _named(lambda e: e.subject, FORMS),
        strata=("category_implicit",),
    ),
    Slice(
        "relation",
        "how the target is told apart",
        "expression",
        (*RELATIONS, "none"),
        _or_none(lambda e: e.relations),
        overlapping=True,
    ),
    Slice(
        "negation",
        "whether something is denied or excluded",
        "expression",
        ("negated", "not negated"),
        _bins(lambda e: (~e.negated).astype(np.float64), 0.5),
    ),
    Slice(
        "rank",
        "whether the target is counted off or is the most of its kind",
        "expression",
        ("ordinal", "superlative", "neither"),
        _or_none(lambda e: e.ranks),
        overlapping=True,
    ),
    Slice(
        "truncated",
        "whether the model's tokenizer cut the expression short",
        "what the model tells",
        ("truncated", "whole"),
        _bins(lambda e: 1 - e.truncated, 0.5),
    ),
)
"""The slices of every report, in its order."""

STRATA = {
    "object_distracting": Stratum(
        ("nothing else named", "distracting"), _bins(lambda e: e.object_distracting, 0.5)
    ),
    "category_implicit": Stratum(("category named", "implicit"), _bins(lambda e: e.category_implicit, 0.5)),
    "distractors": Stratum(tuple(f"distractors {name}" for name in _DISTRACTORS), _distractors),
    "relative size": Stratum(_SIZES, _size),
}
"""What is held fixed: the four groups by their two flags, distractors, size. 2 x 2 x 4 x 4 strata."""
