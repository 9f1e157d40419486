"""TFANet behind the suite's predictor interface."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.nn.cards import card_of, config_in
from baselines.nn.checkpoint import adopt, as_tensors, read_state
from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.nn.config import from_dict
from baselines.nn.files import write_tensors
from baselines.nn.images import squashed
from baselines.nn.predictor import EncodeOnce
from baselines.nn.text import Tokenizer
from baselines.nn.tiny import load_tiny
from baselines.nn.untrained import StandInTokenizer, seeded
from baselines.tfanet.config import BASE, TINY, TFANetConfig
from baselines.tfanet.model import TFANet
from baselines.tfanet.tiny import build
from baselines.tfanet.variants import VARIANTS
from rebench.errors import RebenchError
from rebench.predict.interface import UNTRAINED, ModelCard
from rebench.predict.variants import choose

CONFIGS = {"base": BASE, "tiny": TINY}
"""What is built for a variant; `variants.py` says what it is."""


def load(
    variant: str | None = None, weights: str | Path | None = None, device: str = "cpu", seed: int = 0
) -> "TFANetPredictor":
    """TFANet as a predictor.

    Args:
        variant: "base", the paper's model; "tiny", made for scenes.
        weights: a safetensors file made by `save`, text encoder included. The tokenizer comes from a folder
            `clip-vit-large-patch14` beside it, else from the Hugging Face hub. Or "untrained" for random
            weights, with which nothing is read.
        device: where it computes.
        seed: of random weights.

    Raises:
        RebenchError: an unknown variant, no weights or some that do not fit, no tokenizer.
    """
    chosen = choose("tfanet", VARIANTS, variant, weights)
    source = weights if weights is not None else Path(__file__).parent / str(chosen.file)
    tokenizer: Tokenizer
    if chosen.name == "tiny":
        model, tokenizer = load_tiny(build, source, seed)
    elif source == UNTRAINED:
        with seeded(seed):
            model = TFANet(CONFIGS[chosen.name], ClipText.large())
        tokenizer = StandInTokenizer.clip(model.config.max_words)
    else:
        source = Path(source)
        state = as_tensors(read_state(source))
        config = config_in(source, "TFANet", partial(from_dict, TFANetConfig), CONFIGS[chosen.name])
        with torch.device("meta"):
            model = TFANet(config)
        model.text_encoder = ClipText.large()
        adopt(model, state, f"the weights of {source}")
        tokenizer = ClipTokenizer.beside(source, config.max_words)
    card = card_of("tfanet", chosen, model, source, device, packaged=weights is None, seed=seed)
    return TFANetPredictor(model.to(device, torch.float32), tokenizer, card)


def save(model: TFANet, file: str | Path) -> None:
    """Write a model as safetensors, with its configuration."""
    write_tensors(model.state_dict(), Path(file), {"tfanet": json.dumps(asdict(model.config))})


class TFANetPredictor(EncodeOnce):
    """Answers the expressions of a picture in one batch, from what they share."""

    def __init__(self, model: TFANet, tokenizer: Tokenizer, card: ModelCard) -> None:
        """A predictor; the model has a text encoder."""
        if model.text_encoder is None:
            raise RebenchError("this TFANet has no text encoder, so it cannot read expressions")
        super().__init__(model, tokenizer, card)
        self.text_encoder = model.text_encoder

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Tensor:
        """What depends on the picture alone, (1, C_0, size / 4, size / 4): stem and first blocks."""
        pixels = squashed(image, self.model.config.image_size)[None]
        return self.model.encode(pixels.to(self.device))

    @torch.inference_mode()
    def decode(self, encoded: Tensor, expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits (size, size) per expression, over the whole picture: referent minus background."""
        ids, real = (t.to(self.device) for t in self.tokenizer(expressions))
        words, sentence = self.text_encoder(ids, real)
        size = self.model.config.image_size
        each = encoded.expand(len(ids), -1, -1, -1)
        scores = self.model.decode(each, words, sentence, real, (size, size))
        return list((scores[:, 1] - scores[:, 0]).float().cpu().numpy())
