"""Training examples out of splits on disk: which ones make a batch is decided by seed and step alone."""

import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.train.processes import ALONE, Processes
from rebench.data.masks import decode
from rebench.data.split import Image, Manifest, OverlapRule, Sample, Split
from rebench.errors import RebenchError


@dataclass(frozen=True, slots=True)
class Batch:
    """images (B, 3, S, S) as the model takes them, masks (B, 1, S, S) in 0 to 1, B expressions."""

    images: Tensor
    masks: Tensor
    expressions: list[str]


class Examples:
    """The examples of an epoch, from one split or several.

    Args:
        splits: where they come from.
        picture: a picture to the model's input (3, S, S).
        mask: a mask, bool (H, W), to (1, S, S).
        sentences: "one" expression of every referent per epoch, or "all".
        overlap: how the polygons of one object become its mask.
        without: images that are left out.
    """

    def __init__(
        self,
        splits: Sequence[Split],
        picture: Callable[[Image], Tensor],
        mask: Callable[[NDArray[np.bool_]], Tensor],
        sentences: Literal["one", "all"] = "one",
        overlap: OverlapRule = "union",
        without: Collection[int] = (),
    ) -> None:
        self.picture, self.mask, self.overlap = picture, mask, overlap
        groups: dict[tuple[int, str], list[Sample]] = {}
        for number, split in enumerate(splits):
            for sample in split.samples:
                if sample.image_id not in without:
                    referent = sample.sample_id.rsplit("/", 1)[0] if sentences == "one" else sample.sample_id
                    groups.setdefault((number, referent), []).append(sample)
        self._groups = [(splits[number], samples) for (number, _), samples in groups.items()]
        names = "+".join(split.name for split in splits)
        self.manifest = Manifest(names, [sample for _, samples in self._groups for sample in samples])

    def __len__(self) -> int:
        return len(self._groups)

    def choose(self, number: int, seed: int, epoch: int) -> tuple[Split, Sample]:
        """The example of a number in an epoch."""
        split, samples = self._groups[number]
        if len(samples) == 1:
            return split, samples[0]
        draw = np.random.default_rng((seed, epoch, number))
        return split, samples[int(draw.integers(len(samples)))]

    def read(self, number: int, seed: int, epoch: int) -> tuple[Tensor, Tensor, str]:
        """Picture, mask and expression of the example of a number in an epoch."""
        split, sample = self.choose(number, seed, epoch)
        mask = decode(split.target(sample, self.overlap))
        return self.picture(split.image(sample.image_id)), self.mask(mask), sample.expression


class Feed:
    """Batches by step, read by threads a little ahead; what a step gets does not depend on them.

    Every epoch takes each example once in an order of its own; those that fill no batch are left out.

    Args:
        examples: the training data.
        size: examples of a step, of all processes together.
        parts: into how many a process divides its share.
        seed: decides the order and what is drawn.
        processes: who shares a step.
        threads: that read; without a number, one per core and at most 8.
    """

    AHEAD = 3

    def __init__(
        self,
        examples: Examples,
        size: int,
        parts: int,
        seed: int,
        processes: Processes = ALONE,
        threads: int | None = None,
    ) -> None:
        if size % (parts * processes.world):
            raise RebenchError(
                f"a batch of {size} cannot be divided among {processes.world} processes x {parts} parts: "
                "--set batch or accumulate"
            )
        self.per_epoch = len(examples) // size
        if not self.per_epoch:
            raise RebenchError(f"{len(examples):,} training examples make no batch of {size}: --set batch")
        self.examples, self.size, self.parts, self.seed = examples, size, parts, seed
        self.processes = processes
        self._pool = ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8))
        self._ahead: dict[tuple[int, int], list[Future[tuple[Tensor, Tensor, str]]]] = {}
        self._order: tuple[int, Tensor] = (-1, torch.empty(0))

    def numbers(self, step: int, part: int) -> tuple[int, list[int]]:
        """The epoch of a step, and the numbers of the examples of this process in a part of it."""
        epoch, place = divmod(step, self.per_epoch)
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
            self._order = epoch, torch.randperm(len(self.examples), generator=generator)
        share = self.size // (self.parts * self.processes.world)
        begin = place * self.size + (part * self.processes.world + self.processes.rank) * share
        return epoch, self._order[1][begin : begin + share].tolist()

    def batch(self, step: int, part: int) -> Batch:
        """The examples of this process in a part of a step."""
        wanted = [divmod(step * self.parts + part + i, self.parts) for i in range(self.AHEAD)]
        for key in self._ahead.keys() - set(wanted):
            del self._ahead[key]
        for key in wanted:
            if key not in self._ahead:
                epoch, numbers = self.numbers(*key)
                self._ahead[key] = [
                    self._pool.submit(self.examples.read, number, self.seed, epoch) for number in numbers
                ]
        read = [future.result() for future in self._ahead.pop((step, part))]
        images, masks, expressions = zip(*read, strict=True)
        return Batch(torch.stack(images), torch.stack(masks), list(expressions))

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown(cancel_futures=True)
