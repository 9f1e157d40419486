"""SaFiRe behind the suite's predictor interface."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from baselines.nn.text import BertTokenizer, WordTokenizer
from baselines.ops.backends import choose
from baselines.safire.config import BASE, TINY
from baselines.safire.model import SaFiRe, normalise
from rebench.errors import RebenchError
from rebench.predict.interface import ModelCard

PACKAGED = Path(__file__).parent / "weights" / "tiny-scenes.safetensors"
BERT = "bert-base-uncased"


def tiny_tokenizer() -> WordTokenizer:
    """The words of the tiny variant."""
    return WordTokenizer.packaged("baselines.safire", "weights/tiny-words.txt", TINY.max_words)


def load(
    variant: str | None = None, weights: str | Path | None = None, device: str = "cpu"
) -> "SaFiRePredictor":
    """SaFiRe as a predictor.

    Args:
        variant: "base", the paper's model, which needs weights; "tiny", trained on scenes, packaged. Without
            a variant: "base" if weights are given, else "tiny".
        weights: a safetensors file with the whole state, loaded strictly.

    Raises:
        RebenchError: an unknown variant, no weights for "base", or weights that do not fit.
    """
    variant = variant or ("base" if weights else "tiny")
    if variant not in ("base", "tiny"):
        raise RebenchError(f"safire has no variant {variant!r}: it has base and tiny")
    if variant == "base" and weights is None:
        raise RebenchError("safire:base has no packaged weights: give --weights FILE, or use safire:tiny")
    file = Path(weights) if weights else PACKAGED
    tokenizer = BertTokenizer(BERT, BASE.max_words) if variant == "base" else tiny_tokenizer()
    config = BASE if variant == "base" else replace(TINY, vocabulary=tokenizer.size)
    model = SaFiRe(config)
    _load_strictly(model, file)
    card = ModelCard(
        name="safire",
        variant=variant,
        weights=file.stem if weights is None else file.name,
        weights_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        parameters=sum(p.numel() for p in model.parameters()),
        licence="Apache-2.0" if weights is None else None,
        paper="Mao et al., SaFiRe, NeurIPS 2025, arXiv 2510.10160",
        trained_on=("scenes:train",) if weights is None else (),
        backend=choose(device),
        dtype="float32",
    )
    return SaFiRePredictor(model.to(device).eval(), tokenizer, card)


def _load_strictly(model: SaFiRe, file: Path) -> None:
    try:
        state = load_file(file)
    except FileNotFoundError:
        raise RebenchError(f"no weights file {file}") from None
    except (OSError, SafetensorError) as error:
        raise RebenchError(f"{file} is not a whole safetensors file: {error}") from error
    own = model.state_dict()
    missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    reshaped = sorted(k for k in own.keys() & state.keys() if own[k].shape != state[k].shape)
    if missing or unexpected or reshaped:
        parts = [
            f"{len(names)} {what} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
            for what, names in (
                ("missing", missing),
                ("unexpected", unexpected),
                ("of another shape", reshaped),
            )
            if names
        ]
        raise RebenchError(f"{file} does not fit this model: tensors {'; '.join(parts)}")
    model.load_state_dict(state)


class SaFiRePredictor:
    """Looks at a picture once and answers its expressions from that."""

    def __init__(self, model: SaFiRe, tokenizer: Any, card: ModelCard) -> None:
        self.model, self.tokenizer, self.card = model, tokenizer, card
        self.device = next(model.parameters()).device

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> list[Tensor]:
        """The four levels of the picture, (1, C_i, H_i, W_i) each."""
        pixels = torch.tensor(image, device=self.device)[None]
        return self.model.encode(normalise(pixels, self.model.config.image_size))

    @torch.inference_mode()
    def decode(self, encoded: list[Tensor], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits (size, size) per expression, over the whole picture."""
        ids, real = (t.to(self.device) for t in self.tokenizer(expressions))
        levels = [level.expand(len(ids), -1, -1, -1) for level in encoded]
        size = self.model.config.image_size
        return list(self.model.decode(levels, ids, real, (size, size))[:, 0].float().cpu().numpy())

    def predict(self, image: NDArray[np.uint8], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits per expression."""
        return self.decode(self.encode(image), expressions)
