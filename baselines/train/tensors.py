"""A split as tensors: pictures, words and masks, all in memory, batches chosen by step number alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from rebench.data.masks import decode
from rebench.data.split import Split

Tokenizer = Callable[[Sequence[str]], tuple[Tensor, Tensor]]


@dataclass
class TensorSplit:
    """A split of equally large pictures with the same number of expressions each.

    Attributes:
        images: (pictures, H, W, 3) uint8.
        ids: (pictures, K, L) token ids, 0 where there is no token.
        masks: (pictures, K, H, W) uint8, 0 or 1.
    """

    images: Tensor
    ids: Tensor
    masks: Tensor

    @classmethod
    def of(cls, split: Split, tokenizer: Tokenizer, expressions: int, device: str) -> "TensorSplit":
        """Read a split; of each picture the first `expressions` are kept, pictures with fewer left out."""
        groups = [list(group) for _, group in groupby(split.samples, key=lambda s: s.image_id)]
        groups = [group[:expressions] for group in groups if len(group) >= expressions]
        ids, _ = tokenizer([sample.expression for group in groups for sample in group])
        height, width = groups[0][0].height, groups[0][0].width
        images = np.empty((len(groups), height, width, 3), np.uint8)
        masks = np.empty((len(groups), expressions, height, width), np.uint8)
        for i, group in enumerate(groups):
            images[i] = split.image(group[0].image_id)
            for k, sample in enumerate(group):
                masks[i, k] = decode(split.target(sample))
        rows = ids.view(len(groups), expressions, -1)
        return cls(torch.from_numpy(images).to(device), rows.to(device), torch.from_numpy(masks).to(device))

    def batch(self, step: int, size: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """The batch of a step: every picture once per epoch, in an order that only the seed decides."""
        per_epoch = max(len(self.images) // size, 1)
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(
            len(self.images), generator=torch.Generator().manual_seed(seed * 100_003 + epoch)
        )
        chosen = order[place * size : (place + 1) * size].to(self.images.device)
        return self.images[chosen], self.ids[chosen], self.masks[chosen]

    def in_order(self, size: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Every picture once, in batches."""
        for i in range(0, len(self.images), size):
            yield self.images[i : i + size], self.ids[i : i + size], self.masks[i : i + size]
