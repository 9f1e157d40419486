"""The tiny RISAM: how it is built, and what the common recipe needs of it."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.text import SmallSentenceEncoder
from baselines.risam.config import TINY
from baselines.risam.model import RISAM


class TinyRISAM(RISAM):
    """A RISAM whose words follow a start token, as CLIP's do and those of the scenes' word list do not.

    Mutual-aware attention is a softmax over the words: of a single word every position would take all.
    """

    def __init__(self, vocabulary: int) -> None:
        sizes = TINY.text.width, TINY.text.layers, TINY.text.heads, TINY.max_words + 1
        super().__init__(TINY, text=SmallSentenceEncoder(vocabulary + 1, *sizes))
        self.start = vocabulary

    def decode(self, visual: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """As `RISAM.decode`, of words without a start."""
        start = torch.full_like(ids[:, :1], self.start)
        return super().decode(
            visual, torch.cat([start, ids], 1), torch.cat([torch.ones_like(real[:, :1]), real], 1)
        )


def build(vocabulary: int) -> TinyRISAM:
    """An untrained one for a word list of this size."""
    return TinyRISAM(vocabulary)


def trunk(model: RISAM) -> nn.Module:
    """What looks at the picture alone: the encoder, which is frozen when words come, and Feature Enhancement.

    An enhancement that begins with nothing loses what the encoder has learnt to see: docs/tiny.md.
    """
    return nn.Sequential(model.image_encoder, model.enhancement)


def maps(trunk: nn.Module, images: Tensor) -> list[Tensor]:
    """The enhanced map of images (B, 3, S, S)."""
    return [trunk(images)]


def logits(model: RISAM, images: Tensor, ids: Tensor) -> Tensor:
    """Logits (B * K, 1, S, S) of images (B, 3, S, S) with K expressions each, ids (B, K, L)."""
    said = ids.flatten(0, 1)
    seen = model.encode(images).repeat_interleave(ids.shape[1], 0)
    small = model.decode(seen, said, said > 0)
    return interpolate(small, images.shape[-2:], mode="bilinear", align_corners=False)
