"""The tiny TFANet: how it is built, and what the common recipe needs of it."""

from torch import Tensor, nn

from baselines.nn.text import SmallSentenceEncoder
from baselines.tfanet.config import TINY
from baselines.tfanet.model import TFANet


def build(vocabulary: int) -> TFANet:
    """An untrained one for a word list of this size."""
    return TFANet(TINY, SmallSentenceEncoder(vocabulary, TINY.text_width, 2, 4, TINY.max_words))


def trunk(model: TFANet) -> nn.Module:
    """What looks at the picture alone."""
    return model.trunk


def maps(trunk: nn.Module, images: Tensor) -> list[Tensor]:
    """Its maps of images (B, 3, S, S), finest first."""
    return trunk(images)


def logits(model: TFANet, images: Tensor, ids: Tensor) -> Tensor:
    """Logits (B * K, 1, S, S) of images (B, 3, S, S) with K expressions each, ids (B, K, L)."""
    assert model.text_encoder is not None
    said = ids.flatten(0, 1)
    words, sentence = model.text_encoder(said, said > 0)
    seen = model.encode(images).repeat_interleave(ids.shape[1], 0)
    scores = model.decode(seen, words, sentence, said > 0, (images.shape[-2], images.shape[-1]))
    return scores[:, 1:] - scores[:, :1]
