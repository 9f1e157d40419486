"""The tiny SaFiRe: how it is built, and what the common recipe needs of it."""

from dataclasses import replace

from torch import Tensor, nn

from baselines.safire.config import TINY
from baselines.safire.model import SaFiRe


def build(vocabulary: int) -> SaFiRe:
    """An untrained one for a word list of this size."""
    return SaFiRe(replace(TINY, vocabulary=vocabulary))


def trunk(model: SaFiRe) -> nn.Module:
    """What looks at the picture alone."""
    return model.backbone


def maps(trunk: nn.Module, images: Tensor) -> list[Tensor]:
    """Its maps of images (B, 3, S, S), finest first."""
    return list(trunk(images).feature_maps)


def logits(model: SaFiRe, images: Tensor, ids: Tensor) -> Tensor:
    """Logits (B * K, 1, S, S) of images (B, 3, S, S) with K expressions each, ids (B, K, L)."""
    said = ids.flatten(0, 1)
    levels = [level.repeat_interleave(ids.shape[1], 0) for level in model.encode(images)]
    return model.decode(levels, said, said > 0, (images.shape[-2], images.shape[-1]))
