"""The group of every expression of a split: the data's own label, else the tagger's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from rebench.ambiguity.tagger import tag
from rebench.data.split import Sample, Split

Source = Literal["gold", "tagged", "unknown"]
"""Where the flags of an expression come from; unknown: no label, and the tagger cannot read it."""


class Labels(NamedTuple):
    """One entry per sample, in the order of the samples.

    Attributes:
        flags: (object-distracting, category-implicit); both False where the source is unknown.
        sources: where they come from.
    """

    flags: list[tuple[bool, bool]]
    sources: list[Source]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many samples each source labelled; all three sources are listed."""
        seen = Counter(self.sources)
        return {"gold": seen["gold"], "tagged": seen["tagged"], "unknown": seen["unknown"]}


def labels_of(split: Split | Sequence[Sample]) -> Labels:
    """The flags of all samples. A label in the data beats the tagger, flag by flag.

    A sample with one flag in the data is gold in that one and counts as tagged.
    """
    samples = split.samples if isinstance(split, Split) else split
    labels = Labels([], [])
    for sample in samples:
        flags, source = _label(sample)
        labels.flags.append(flags)
        labels.sources.append(source)
    return labels


def _label(sample: Sample) -> tuple[tuple[bool, bool], Source]:
    distracting, implicit = sample.object_distracting, sample.category_implicit
    if distracting is not None and implicit is not None:
        return (distracting, implicit), "gold"
    tags = tag(sample.expression, sample.category)
    flags = (
        tags.object_distracting if distracting is None else distracting,
        tags.category_implicit if implicit is None else implicit,
    )
    return flags, "tagged" if tags.known else "unknown"
