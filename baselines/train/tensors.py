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
        owners: (pictures, H, W) uint8, the number of the instance seen at every pixel, from 1; 0 is none.
        referents: (pictures, K) int64, the number of the instance that is meant.
    """

    images: Tensor
    ids: Tensor
    owners: Tensor
    referents: Tensor

    @classmethod
    def of(cls, split: Split, tokenizer: Tokenizer, expressions: int, device: str) -> "TensorSplit":
        """Read a split; of each picture the first `expressions` are kept, pictures with fewer left out."""
        groups = [list(group) for _, group in groupby(split.samples, key=lambda s: s.image_id)]
        groups = [group[:expressions] for group in groups if len(group) >= expressions]
        ids, _ = tokenizer([sample.expression for group in groups for sample in group])
        height, width = groups[0][0].height, groups[0][0].width
        images = np.empty((len(groups), height, width, 3), np.uint8)
        owners = np.zeros((len(groups), height, width), np.uint8)
        referents = np.empty((len(groups), expressions), np.int64)
        for i, group in enumerate(groups):
            image_id = group[0].image_id
            images[i] = split.image(image_id)
            number = {}
            for n, instance in enumerate(split.instances(image_id), start=1):
                owners[i][decode(instance.rle)] = n
                number[instance.annotation_id] = n
            referents[i] = [number[sample.annotation_id] for sample in group]
        rows = ids.view(len(groups), expressions, -1)
        arrays = (torch.from_numpy(a).to(device) for a in (images, owners, referents))
        pictures, seen, meant = arrays
        return cls(pictures, rows.to(device), seen, meant)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, chosen: Tensor | slice) -> "TensorSplit":
        """Some of the pictures."""
        return TensorSplit(self.images[chosen], self.ids[chosen], self.owners[chosen], self.referents[chosen])

    @property
    def masks(self) -> Tensor:
        """The masks of the referents, (pictures, K, H, W) bool."""
        return self.owners[:, None] == self.referents[:, :, None, None]

    def batch(self, step: int, size: int, seed: int) -> "TensorSplit":
        """The batch of a step: every picture once per epoch, in an order that only the seed decides."""
        per_epoch = max(len(self) // size, 1)
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed * 100_003 + epoch))
        return self[order[place * size : (place + 1) * size].to(self.images.device)]

    def in_order(self, size: int) -> "Iterator[TensorSplit]":
        """Every picture once, in batches."""
        for i in range(0, len(self), size):
            yield self[i : i + size]
