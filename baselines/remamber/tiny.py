"""The tiny ReMamber: how it is built, and what the common recipe needs of it."""

from torch import Tensor, nn

from baselines.nn.text import SmallSentenceEncoder
from baselines.nn.vmamba import VMamba
from baselines.remamber.config import TINY
from baselines.remamber.model import ReMamber


def build(vocabulary: int) -> ReMamber:
    """An untrained one for a word list of this size."""
    text = SmallSentenceEncoder(vocabulary, TINY.text_width, 2, 4, TINY.max_words)
    return ReMamber(TINY, text)


def trunk(model: ReMamber) -> nn.Module:
    """What looks at the picture: the trunk with the fusions, of which `maps` uses none."""
    return model.backbone


def maps(trunk: nn.Module, images: Tensor) -> list[Tensor]:
    """The trunk's maps of images (B, 3, S, S) without a sentence, finest first."""
    assert isinstance(trunk, VMamba)
    return VMamba.forward(trunk, images)


def logits(model: ReMamber, images: Tensor, ids: Tensor) -> Tensor:
    """Logits (B * K, 1, S, S) of images (B, 3, S, S) with K expressions each, ids (B, K, max_words)."""
    assert model.text_encoder is not None
    said = ids.flatten(0, 1)
    words, sentence = model.text_encoder(said, said > 0)
    seen = model.encode(images).repeat_interleave(ids.shape[1], 0)
    return model.decode(seen, words, sentence, said > 0, (images.shape[-2], images.shape[-1]))
