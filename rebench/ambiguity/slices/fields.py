"""What slices are computed from: a value of each field for every scored expression, or NaN: unknown."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rebench.ambiguity.slices.categories import GROUP_OF, OTHER
from rebench.ambiguity.slices.subject import subject_form
from rebench.ambiguity.slices.words import RELATIONS, count_words, negated, plain, ranks, relations
from rebench.data.split import Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.groups import unreadable

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEEDED = (
    "sample_id", "image_id", "intersection", "union", "target_area", "iou", "object_distracting",
    "category_implicit", "identity", "candidates", "picture_area",
)  # fmt: skip
"""The columns of scores.parquet that are read; "label" and "truncated" too, where they are there."""


class Expressions:
    """The scored expressions of a split, field by field, each (n, ...) in the order of the scores.

    Args:
        scores: the rows of scores.parquet.
        split: the split they belong to.

    Raises:
        RebenchError: scores of an older version, or a score of a sample that the split does not have.
    """

    def __init__(self, scores: "pd.DataFrame", split: Split) -> None:
        if missing := [name for name in NEEDED if name not in scores]:
            raise RebenchError(
                f"the scores have no column {missing[0]!r}: make them anew with `rebench score`"
            )
        self._scores, self._split = scores, split
        by_id = {sample.sample_id: sample for sample in split.samples}
        if strange := [name for name in scores["sample_id"] if name not in by_id]:
            raise RebenchError(f"scores of {strange[0]!r}, which is not in {split.name}")
        self.samples: Sequence[Sample] = [by_id[name] for name in scores["sample_id"]]

    @cached_property
    def words(self) -> Floats:
        """Words of the expression; NaN where it has none."""
        counts = np.array([count_words(sample.expression) for sample in self.samples], np.float64)
        return np.where(counts > 0, counts, np.nan)

    @cached_property
    def distractors(self) -> Floats:
        """Annotated instances of the target's category in its picture besides it, crowds apart."""
        candidates = self._scores["candidates"].to_numpy(float)
        return np.where(candidates >= 1, candidates - 1, np.nan)

    @cached_property
    def relative_size(self) -> Floats:
        """The share of the picture that the target covers."""
        area, picture = (self._scores[name].to_numpy(float) for name in ("target_area", "picture_area"))
        return np.divide(area, picture, out=np.full(len(area), np.nan), where=(area > 0) & (picture > 0))

    @cached_property
    def centroid(self) -> Floats:
        """The mean of the target's pixels, (n, 2): x from left and y from top, as shares of the picture."""
        from rebench.data.masks import decode

        found: dict[tuple[int, int], tuple[float, float]] = {}
        for sample in self.samples:
            key = (sample.image_id, sample.annotation_id)
            if key not in found:
                try:
                    found[key] = _centroid(decode(self._split.target(sample)))
                except RebenchError:
                    found[key] = (np.nan, np.nan)
        rows = [found[sample.image_id, sample.annotation_id] for sample in self.samples]
        return np.array(rows, np.float64).reshape(-1, 2)

    @cached_property
    def category_group(self) -> list[str]:
        """The supercategory of the target."""
        return [GROUP_OF.get(sample.category, OTHER) for sample in self.samples]

    @cached_property
    def subject(self) -> list[str | None]:
        """The form of the subject, one of `slices.subject.FORMS`; None where the tagger cannot read it."""
        asked = [(sample.expression, sample.category) for sample in self.samples]
        forms = {key: subject_form(*key) for key in dict.fromkeys(asked)}  # many say the same
        return [forms[key] for key in asked]

    @cached_property
    def relations(self) -> Bools:
        """Which relations the expression uses, (n, relations), as `slices.words.RELATIONS`."""
        return np.array([relations(text) for text in self._plain], bool).reshape(-1, len(RELATIONS))

    @cached_property
    def negated(self) -> Bools:
        """Whether the expression denies or excludes something."""
        return np.array([negated(text) for text in self._plain], bool)

    @cached_property
    def ranks(self) -> Bools:
        """Whether the expression counts, and whether it has a superlative, (n, 2)."""
        return np.array([ranks(text) for text in self._plain], bool).reshape(-1, 2)

    @cached_property
    def truncated(self) -> Floats:
        """1 where the model's tokenizer cut the expression short, 0 where not; NaN where it does not tell."""
        if "truncated" not in self._scores:
            return np.full(len(self.samples), np.nan)
        told = self._scores["truncated"].astype("boolean").astype("Float64")
        return np.asarray(told.to_numpy(float, na_value=np.nan), np.float64)

    @cached_property
    def object_distracting(self) -> Floats:
        """The group flag; NaN where the tagger could not read the expression."""
        return self._flag("object_distracting")

    @cached_property
    def category_implicit(self) -> Floats:
        """The group flag; NaN where the tagger could not read the expression."""
        return self._flag("category_implicit")

    @cached_property
    def _plain(self) -> list[str]:
        return [plain(sample.expression) for sample in self.samples]

    def _flag(self, name: str) -> Floats:
        return np.where(unreadable(self._scores), np.nan, self._scores[name].to_numpy(float))


def _centroid(mask: Bools) -> tuple[float, float]:
    """As shares of width and height; NaN for an empty mask."""
    columns, rows = mask.sum(axis=0), mask.sum(axis=1)
    area = float(columns.sum())
    if not area:
        return np.nan, np.nan
    height, width = mask.shape
    return (
        float(columns @ (np.arange(width) + 0.5)) / area / width,
        float(rows @ (np.arange(height) + 0.5)) / area / height,
    )
