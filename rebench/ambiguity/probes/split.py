"""A split with other sentences: a split of its own, over the pictures and masks of another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rebench.ambiguity.probes import Probe, other_targets
from rebench.data.split import Image, Instance, OverlapRule, Rle, Sample, Split
from rebench.errors import RebenchError


def probed_name(split: str, probe: str) -> str:
    """ "scenes:test@empty": what a probed split is called."""
    return f"{split}@{probe}"


class DerivedSplit(Split):
    """Some of a split's expressions, with sentences or referents that are not their own.

    Args:
        base: where pictures and masks are.
        name: what it is called.
        samples: in the order of the base, with its sample ids.
        referents: by sample id, the sample of the base whose target counts.
    """

    labels = "tagger"

    def __init__(
        self, base: Split, name: str, samples: Sequence[Sample], referents: Mapping[str, Sample]
    ) -> None:
        self.base, self.name, self.samples, self._referents = base, name, samples, referents

    def image(self, image_id: int) -> Image:
        """The picture, uint8 (H, W, 3) RGB."""
        return self.base.image(image_id)

    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        """The mask of the referent at the original size."""
        return self.base.target(self._referents[sample.sample_id], overlap)

    def segmentation(self, sample: Sample) -> Any:
        """The referent as annotated."""
        return self.base.segmentation(self._referents[sample.sample_id])

    def instances(self, image_id: int) -> Sequence[Instance]:
        """Every annotated object of the picture."""
        return self.base.instances(image_id)

    @property
    def whole(self) -> bool:
        """Whether the base is."""
        return self.base.whole

    @property
    def coverage(self) -> str:
        """ "1,520 expressions", and of what where the base is not whole."""
        size = f"{len(self.samples):,} expressions"
        return size if self.whole else f"{size}, from {self.base.coverage}"


class ProbedSplit(DerivedSplit):
    """The expressions that a probe applies to, with its sentences; the referent stays the same.

    Labels of the data are about the sentence that was replaced, so that here the tagger reads the new one.

    Args:
        base: the split.
        probe: what replaces its sentences. Where that is the sentence itself, the sample is left out.

    Raises:
        RebenchError: the base is a probed split itself.
    """

    def __init__(self, base: Split, probe: Probe) -> None:
        if isinstance(base, DerivedSplit):
            raise RebenchError(f"{base.name} is a probed split: probe the split it is made from")
        self.probe = probe
        self._others = other_targets(base.samples)
        samples = []
        for sample in base.samples:
            sentence = probe.sentence(sample, self._others.get(sample.sample_id))
            if sentence is not None and sentence != sample.expression:
                samples.append(
                    replace(sample, expression=sentence, object_distracting=None, category_implicit=None)
                )
        own = {sample.sample_id: sample for sample in base.samples}
        super().__init__(base, probed_name(base.name, probe.name), samples, own)

    def towards_others(self) -> Split:
        """The same samples, each with the other target as its referent: where a borrowed sentence leads.

        For the probe `other-target`; raises KeyError where a sample has no other target.
        """
        others = {sample.sample_id: self._others[sample.sample_id] for sample in self.samples}
        samples = [
            replace(sample, annotation_id=others[sample.sample_id].annotation_id) for sample in self.samples
        ]
        return DerivedSplit(self.base, f"{self.name}, the other targets", samples, others)
