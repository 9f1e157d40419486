"""SaFiRe behind the suite's predictor interface."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.nn.cards import card_of, config_in
from baselines.nn.checkpoint import adopt, as_tensors, read_state
from baselines.nn.config import from_dict
from baselines.nn.files import write_tensors
from baselines.nn.images import normalised
from baselines.nn.predictor import EncodeOnce
from baselines.nn.scene_words import scene_tokenizer
from baselines.nn.text import BertTokenizer, Tokenizer
from baselines.nn.untrained import StandInTokenizer, seeded
from baselines.safire.config import CONFIGS, SaFiReConfig
from baselines.safire.model import SaFiRe
from baselines.safire.variants import VARIANTS
from rebench.predict.interface import UNTRAINED
from rebench.predict.variants import choose

PACKAGED = Path(__file__).parent / "weights" / "tiny-scenes.safetensors"


def load(
    variant: str | None = None, weights: str | Path | None = None, device: str = "cpu", seed: int = 0
) -> "SaFiRePredictor":
    """SaFiRe as a predictor.

    Args:
        variant: "base", the paper's model, which needs weights; "tiny", trained on scenes, packaged. Without
            a variant: "base" if weights are given, else "tiny".
        weights: a safetensors file with the whole state, as `save` writes it, loaded strictly; or "untrained"
            for random weights, with which nothing is read.
        device: where it computes.
        seed: of random weights.

    Raises:
        RebenchError: an unknown variant, no weights for "base", or weights that do not fit.
    """
    chosen = choose("safire", VARIANTS, variant, weights)
    source = weights if weights is not None else Path(__file__).parent / str(chosen.file)
    if source == UNTRAINED:
        config = _with_words(CONFIGS[chosen.name])
        with seeded(seed):
            model = SaFiRe(config)
        file = None
    else:
        file = Path(source)
        state = as_tensors(read_state(file))
        config = _with_words(
            config_in(file, "SaFiRe", partial(from_dict, SaFiReConfig), CONFIGS[chosen.name])
        )
        model = SaFiRe(config)
        adopt(model, state, f"the weights of {file}")
    card = card_of("safire", chosen, model, source, device, packaged=weights is None, seed=seed)
    return SaFiRePredictor(model.to(device, torch.float32), _tokenizer(config, file), card)


def save(model: SaFiRe, file: str | Path) -> None:
    """Write a model as safetensors, with its configuration."""
    write_tensors(model.state_dict(), Path(file), {"safire": json.dumps(asdict(model.config))})


def _with_words(config: SaFiReConfig) -> SaFiReConfig:
    return config if config.vocabulary else replace(config, vocabulary=scene_tokenizer().size)


def _tokenizer(config: SaFiReConfig, file: Path | None) -> Tokenizer:
    """The tokenizer of weights from a file; without one, a stand-in for BERT's."""
    if config.text == "small":
        return scene_tokenizer()
    if file is None:
        return StandInTokenizer.bert(config.max_words, config.vocabulary)
    return BertTokenizer.beside(file, config.max_words)


class SaFiRePredictor(EncodeOnce):
    """Looks at a picture once and answers its expressions from that."""

    model: SaFiRe

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> list[Tensor]:
        """The four levels of the picture, (1, C_i, H_i, W_i) each."""
        pixels = torch.tensor(image, device=self.device)[None]
        return self.model.encode(normalised(pixels, self.model.config.image_size))

    @torch.inference_mode()
    def decode(self, encoded: list[Tensor], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits (size, size) per expression, over the whole picture."""
        ids, real = (t.to(self.device) for t in self.tokenizer(expressions))
        levels = [level.expand(len(ids), -1, -1, -1) for level in encoded]
        size = self.model.config.image_size
        return list(self.model.decode(levels, ids, real, (size, size))[:, 0].float().cpu().numpy())
