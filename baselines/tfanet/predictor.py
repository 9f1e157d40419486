"""TFANet behind the suite's predictor interface."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from baselines.nn.checkpoint import adopt, read_state
from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.nn.images import squashed
from baselines.ops.backends import choose
from baselines.tfanet.config import BASE, TFANetConfig
from baselines.tfanet.model import TFANet
from rebench.errors import RebenchError
from rebench.predict.interface import ModelCard

Tokenizer = Callable[[Sequence[str]], tuple[Tensor, Tensor]]


def load(
    variant: str | None = None, weights: str | Path | None = None, device: str = "cpu"
) -> "TFANetPredictor":
    """TFANet as a predictor.

    Args:
        variant: "base", the only one so far.
        weights: a safetensors file made by `save`, text encoder included. The tokenizer comes from a folder
            `clip-vit-large-patch14` beside it, else from the Hugging Face hub.
        device: where it computes.

    Raises:
        RebenchError: an unknown variant, no weights or some that do not fit, no tokenizer.
    """
    if variant not in (None, "base"):
        raise RebenchError(f"tfanet has no variant {variant!r}: it has base")
    if weights is None:
        raise RebenchError("tfanet:base has no packaged weights: give --weights FILE")
    file = Path(weights)
    state, config = read_state(file), _config_of(file)
    with torch.device("meta"):
        model = TFANet(config)
    model.text_encoder = ClipText.large()
    adopt(model, state, f"the weights of {file}")
    card = ModelCard(
        name="tfanet",
        variant="base",
        weights=file.name,
        weights_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        parameters=sum(p.numel() for p in model.parameters()),
        paper="Lu et al., TFANet, 2025",
        backend=choose(device),
        dtype="float32",
    )
    return TFANetPredictor(model.to(device), ClipTokenizer.beside(file, config.max_words), card)


def save(model: TFANet, file: str | Path) -> None:
    """Write a model as safetensors, with its configuration."""
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, file, metadata={"tfanet": json.dumps(asdict(model.config))})


def _config_of(file: Path) -> TFANetConfig:
    if file.suffix != ".safetensors":
        return BASE
    try:
        with safe_open(file, "pt") as content:
            said = (content.metadata() or {}).get("tfanet")
        return TFANetConfig.from_dict(json.loads(said)) if said else BASE
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise RebenchError(f"{file} does not say what TFANet it is of: {error}") from error


class TFANetPredictor:
    """Answers the expressions of a picture in one batch, from what they share."""

    def __init__(self, model: TFANet, tokenizer: Tokenizer, card: ModelCard) -> None:
        """A predictor; the model has a text encoder."""
        if model.text_encoder is None:
            raise RebenchError("this TFANet has no text encoder, so it cannot read expressions")
        self.model, self.text_encoder = model.eval(), model.text_encoder
        self.tokenizer, self.card = tokenizer, card
        self.device = next(model.parameters()).device

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

    def predict(self, image: NDArray[np.uint8], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits per expression."""
        return self.decode(self.encode(image), expressions)
