"""ReMamber behind the suite's predictor interface."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.nn.checkpoint import read_state
from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.nn.images import squashed
from baselines.ops.backends import choose
from baselines.remamber.config import Decoder, Variant
from baselines.remamber.model import ReMamber
from baselines.remamber.released import TEXT, from_released
from rebench.errors import RebenchError
from rebench.predict.interface import ModelCard

PIXELS_ON_CPU = 480 * 480
"""Pixels of the expressions that a CPU decodes at once. Five at 480 px cost it a fifth to a third more
than one by one; small ones are decoded together."""
Tokenizer = Callable[[Sequence[str]], tuple[Tensor, Tensor]]
VARIANTS: dict[str, tuple[Decoder, Variant]] = {
    "base": ("conv", "released"),
    "conv": ("conv", "released"),
    "mamba": ("mamba", "released"),
    "conv-paper": ("conv", "paper"),
    "mamba-paper": ("mamba", "paper"),
}


def load(
    variant: str | None = None, weights: str | Path | None = None, device: str = "cpu"
) -> "ReMamberPredictor":
    """ReMamber as a predictor.

    Args:
        variant: the decoder, "conv" (also "base"; the default) or "mamba", which compute what the release
            does; "conv-paper" and "mamba-paper" repair its oddities.
        weights: a released checkpoint, or a safetensors file with the same names, text encoder included. The
            tokenizer comes from a folder `clip-vit-large-patch14` beside it, else from the Hugging Face hub.
        device: where it computes.

    Raises:
        RebenchError: an unknown variant, no weights or some that do not fit, no tokenizer.
    """
    variant = variant or "conv"
    if variant not in VARIANTS:
        raise RebenchError(f"remamber has no variant {variant!r}: it has {', '.join(VARIANTS)}")
    if weights is None:
        raise RebenchError(f"remamber:{variant} has no packaged weights: give --weights FILE")
    file = Path(weights)
    state = read_state(file)
    if not any(TEXT in name for name in state):
        raise RebenchError(f"{file} has no text encoder ({TEXT}*): ReMamber's is trained with the rest")
    decoder, kind = VARIANTS[variant]
    model = from_released(state, decoder, text_encoder=ClipText.large(), variant=kind)
    card = ModelCard(
        name="remamber",
        variant=variant,
        weights=file.name,
        weights_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        parameters=sum(p.numel() for p in model.parameters()),
        paper="Yang et al., ReMamber, ECCV 2024, arXiv 2403.17839",
        backend=choose(device),
        dtype="float32",
    )
    return ReMamberPredictor(model.to(device), ClipTokenizer.beside(file, model.config.max_words), card)


class ReMamberPredictor:
    """Looks at a picture once, as far as it can, and answers its expressions from that."""

    def __init__(self, model: ReMamber, tokenizer: Tokenizer, card: ModelCard) -> None:
        """A predictor; the model has a text encoder."""
        if model.text_encoder is None:
            raise RebenchError("this ReMamber has no text encoder, so it cannot read expressions")
        self.model, self.text_encoder = model.eval(), model.text_encoder
        self.tokenizer, self.card = tokenizer, card
        self.device = next(model.parameters()).device

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

    def predict(self, image: NDArray[np.uint8], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits per expression."""
        return self.decode(self.encode(image), expressions)
