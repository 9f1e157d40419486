"""The tiny RISAM: how it is built, and what the common recipe needs of it."""

from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.text import SmallSentenceEncoder
from baselines.risam.config import TINY
from baselines.risam.model import RISAM


def build(vocabulary: int) -> RISAM:
    """An untrained one for a word list of this size."""
    text = SmallSentenceEncoder(
        vocabulary, TINY.text.width, TINY.text.layers, TINY.text.heads, TINY.max_words
    )
    return RISAM(TINY, text=text)


def trunk(model: RISAM) -> nn.Module:
    """What looks at the picture alone; it is frozen when sentences come."""
    return model.image_encoder


def maps(trunk: nn.Module, images: Tensor) -> list[Tensor]:
    """Its maps of images (B, 3, S, S), shallow first, all of one size."""
    return trunk(images)


def logits(model: RISAM, images: Tensor, ids: Tensor) -> Tensor:
    """Logits (B * K, 1, S, S) of images (B, 3, S, S) with K expressions each, ids (B, K, L)."""
    said = ids.flatten(0, 1)
    seen = model.encode(images).repeat_interleave(ids.shape[1], 0)
    small = model.decode(seen, said, said > 0)
    return interpolate(small, images.shape[-2:], mode="bilinear", align_corners=False)
