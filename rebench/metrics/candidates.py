"""Whom an expression could mean: the annotated instances of its referent's category in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from rebench.data.split import Instance, Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.protocols import Protocol
from rebench.metrics.targets import on_grid


@dataclass(frozen=True, slots=True)
class Candidates:
    """The instances of a category in a picture, as masks of the protocol's `size`.

    Attributes:
        ids: their annotation ids; the referent's is the first, the others follow as annotated.
        masks: their masks, as many; the others' are brought to the protocol's grid by nearest.
        crowds: the regions of many objects of that category, none of them a candidate.
        problem: why the picture's objects cannot be decoded: then only the referent is here. Else None.
    """

    ids: tuple[int, ...]
    masks: tuple[Rle, ...]
    crowds: tuple[Rle, ...] = ()
    problem: str | None = None


def candidates_of(
    samples: Sequence[Sample], targets: Sequence[Rle], split: Split, protocol: Protocol
) -> list[Candidates]:
    """The candidates of every sample; the expressions of one referent share theirs.

    Args:
        samples: expressions of the split, those of one picture together.
        targets: the masks of their referents, as many, of the protocol's `size`.
        split: where the other objects are.
        protocol: where masks are compared.
    """
    found: dict[tuple[int, int, str], Candidates] = {}
    image: int | None = None
    here = _Picture((), None)
    for sample, target in zip(samples, targets, strict=True):
        key = (sample.image_id, sample.annotation_id, sample.category)
        if key not in found:
            if sample.image_id != image:  # the expressions of one picture stand together
                image, here = sample.image_id, _read(split, sample.image_id, protocol)
            found[key] = here.of(sample, target)
    return [found[s.image_id, s.annotation_id, s.category] for s in samples]


@dataclass(frozen=True, slots=True)
class _Picture:
    """The objects of a picture, on the protocol's grid."""

    objects: Sequence[Instance]
    problem: str | None

    def of(self, sample: Sample, target: Rle) -> Candidates:
        others = [thing for thing in self.objects if thing.annotation_id != sample.annotation_id]
        alike = [thing for thing in others if thing.category == sample.category]
        rivals = [thing for thing in alike if not thing.crowd]
        return Candidates(
            (sample.annotation_id, *(rival.annotation_id for rival in rivals)),
            (target, *(rival.rle for rival in rivals)),
            tuple(
                thing.rle for thing in alike if thing.crowd and thing.annotation_id != sample.annotation_id
            ),
            self.problem,
        )


def _read(split: Split, image_id: int, protocol: Protocol) -> _Picture:
    try:
        objects = split.instances(image_id)
    except RebenchError as error:
        return _Picture((), str(error))
    return _Picture(
        [Instance(o.annotation_id, o.category, o.crowd, on_grid(o.rle, protocol)) for o in objects], None
    )
