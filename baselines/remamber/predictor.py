"""ReMamber behind the suite's predictor interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.nn.cards import card_of, config_in
from baselines.nn.checkpoint import read_state
from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.nn.config import tuples
from baselines.nn.images import squashed
from baselines.nn.predictor import EncodeOnce
from baselines.nn.text import Tokenizer
from baselines.nn.tiny import load_tiny
from baselines.nn.untrained import StandInTokenizer, seeded
from baselines.remamber.config import TINY, Decoder, Variant, configure
from baselines.remamber.model import ReMamber
from baselines.remamber.released import TEXT, from_released
from baselines.remamber.tiny import build
from baselines.remamber.variants import VARIANTS
from rebench.errors import RebenchError
from rebench.predict.interface import UNTRAINED, ModelCard
from rebench.predict.variants import choose

PIXELS_ON_CPU = 480 * 480
"""Pixels of the expressions that a CPU decodes at once. Five at 480 px cost it a fifth to a third more
than one by one; small ones are decoded together."""
BUILT: dict[str, tuple[Decoder, Variant]] = {
    "base": ("conv", "released"),
    "conv": ("conv", "released"),
    "mamba": ("mamba", "released"),
    "conv-paper": ("conv", "paper"),
    "mamba-paper": ("mamba", "paper"),
}
"""The variants that take released weights."""
CONFIGS = {name: configure(kind, decoder=decoder) for name, (decoder, kind) in BUILT.items()} | {"tiny": TINY}
"""What is built for a variant; `variants.py` says what it is."""


def load(
    variant: str | None = None, weights: str | Path | None = None, device: str = "cpu", seed: int = 0
) -> "ReMamberPredictor":
    """ReMamber as a predictor.

    Args:
        variant: the decoder, "conv" (also "base"; the default) or "mamba", which compute what the release
            does; "conv-paper" and "mamba-paper" repair its oddities; "tiny" is made for scenes.
        weights: a released checkpoint, or a safetensors file with the same names, text encoder included. The
            tokenizer comes from a folder `clip-vit-large-patch14` beside it, else from the Hugging Face hub.
            Or "untrained" for random weights, with which nothing is read.
        device: where it computes.
        seed: of random weights.

    Raises:
        RebenchError: an unknown variant, no weights or some that do not fit, no tokenizer.
    """
    chosen = choose("remamber", VARIANTS, variant, weights)
    source = weights if weights is not None else Path(__file__).parent / str(chosen.file)
    tokenizer: Tokenizer
    if chosen.name == "tiny":
        model, tokenizer = load_tiny(build, source, seed)
    elif source == UNTRAINED:
        with seeded(seed):
            model = ReMamber(CONFIGS[chosen.name], ClipText.large())
        tokenizer = StandInTokenizer.clip(model.config.max_words)
    else:
        source = Path(source)
        state = read_state(source)
        if not any(TEXT in name for name in state):
            raise RebenchError(f"{source} has no text encoder ({TEXT}*): ReMamber's is trained with the rest")
        decoder, kind = BUILT[chosen.name]
        # a released file holds no configuration: its tensors tell
        otherwise: dict[str, Any] = {"decoder": decoder, "variant": kind}
        fields = config_in(source, "ReMamber", tuples, otherwise)
        model = from_released(state, text_encoder=ClipText.large(), **fields)
        tokenizer = ClipTokenizer.beside(source, model.config.max_words)
    card = card_of("remamber", chosen, model, source, device, packaged=weights is None, seed=seed)
    return ReMamberPredictor(model.to(device, torch.float32), tokenizer, card)


class ReMamberPredictor(EncodeOnce):
    """Looks at a picture once, as far as it can, and answers its expressions from that."""

    def __init__(self, model: ReMamber, tokenizer: Tokenizer, card: ModelCard) -> None:
        """A predictor; the model has a text encoder."""
        if model.text_encoder is None:
            raise RebenchError("this ReMamber has no text encoder, so it cannot read expressions")
        super().__init__(model, tokenizer, card)
        self.text_encoder = model.text_encoder

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Tensor:
        """What depends on the picture alone, (1, C_0, size / 4, size / 4): the first of many blocks."""
        pixels = squashed(image, self.model.config.image_size)[None]
        return self.model.encode(pixels.to(self.device))

    @torch.inference_mode()
    def decode(self, encoded: Tensor, expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits (size, size) per expression, over the whole picture."""
        ids, real = (t.to(self.device) for t in self.tokenizer(expressions))
        words, sentence = self.text_encoder(ids, real)
        size = self.model.config.image_size
        together = max(PIXELS_ON_CPU // size**2, 1) if self.device.type == "cpu" else max(len(ids), 1)
        parts = zip(*(t.split(together) for t in (words, sentence, real)), strict=True)
        logits = [
            self.model.decode(encoded.expand(len(said[0]), -1, -1, -1), *said, (size, size)) for said in parts
        ]
        return list(torch.cat(logits)[:, 0].float().cpu().numpy())
