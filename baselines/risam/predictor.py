"""RISAM behind the suite's predictor interface."""

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers.utils import cached_file

from baselines.nn.checkpoint import adopt, as_tensors, read_state
from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.risam.cache import EmbeddingCache, weights_key
from baselines.risam.config import BASE, RISAMConfig
from baselines.risam.encoders import image_encoder
from baselines.risam.model import RISAM
from baselines.risam.preprocess import Placement, to_picture, to_square
from rebench.errors import RebenchError
from rebench.predict.interface import ModelCard

VERSION = 1
"""Of what `encode` computes: whoever changes that raises this, and old embeddings are no longer used."""
FOLDER = "REBENCH_EMBEDDINGS"
"""The environment variable that names the folder of kept embeddings; without it none are kept."""


def load(
    variant: str | None = None,
    weights: str | Path | None = None,
    device: str = "cpu",
    embeddings: str | Path | None = None,
) -> "RISAMPredictor":
    """RISAM as a predictor.

    Args:
        variant: "base", the only one so far.
        weights: a file made by `save`, with the trained part. The frozen encoders come from folders of their
            names beside it (`sam-vit-huge`, `clip-vit-large-patch14`), else from the Hugging Face hub.
        device: where it computes.
        embeddings: a folder in which embeddings of pictures are kept, else $REBENCH_EMBEDDINGS, else none.

    Raises:
        RebenchError: an unknown variant, no weights or some that do not fit, an encoder that is not there.
    """
    if variant not in (None, "base"):
        raise RebenchError(f"risam has no variant {variant!r}: it has base")
    if weights is None:
        raise RebenchError("risam:base has no packaged weights: give --weights FILE, its trained part")
    file = Path(weights)
    state, config = as_tensors(read_state(file)), _config_of(file)
    try:
        clip = _source(config.text.pretrained, file.parent)
        tokenizer = ClipTokenizer(clip, config.max_words)
        text = None if config.train_text else ClipText.from_pretrained(clip)
        image = image_encoder(config.image, _source(config.image.pretrained, file.parent))
    except (OSError, ValueError) as error:
        names = f"{config.text.pretrained} and {config.image.pretrained}"
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RebenchError(
            f"the encoders {names} could not be loaded ({reason}): connect to the Hugging Face hub, or put "
            f"their folders beside {file}"
        ) from error
    model = RISAM(config, image, text)
    adopt(model, model.frozen_state() | state, f"the weights of {file}")
    card = ModelCard(
        name="risam",
        variant="base",
        weights=file.name,
        weights_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        parameters=sum(p.numel() for p in model.parameters()),
        paper="Zhang et al., RISAM, 2024, arXiv 2311.15727",
        dtype="float32",
        warning=f"decides at probability {config.threshold}, as its paper: logits are shifted to be 0 there",
    )
    return RISAMPredictor(model.to(device).eval(), tokenizer, card, embeddings or os.environ.get(FOLDER))


def save(model: RISAM, file: str | Path) -> None:
    """Write the trained part of a model as safetensors, with its configuration."""
    state = {name: tensor.contiguous() for name, tensor in model.trained_state().items()}
    save_file(state, file, metadata={"risam": json.dumps(asdict(model.config))})


def _config_of(file: Path) -> RISAMConfig:
    if file.suffix != ".safetensors":
        return BASE
    try:
        with safe_open(file, "pt") as content:
            said = (content.metadata() or {}).get("risam")
        return RISAMConfig.from_dict(json.loads(said)) if said else BASE
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise RebenchError(f"{file} does not say what RISAM it is of: {error}") from error


def _source(name: str, folder: Path) -> str | Path:
    beside = folder / name.rpartition("/")[2]
    if beside.is_dir():
        return beside
    cached_file(name, "config.json")  # fails here where the hub is out of reach, and not once per file
    return name


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as the model keeps it: enhanced features (1, C, H, W), and where the picture lies in them."""

    features: Tensor
    place: Placement


class RISAMPredictor:
    """Looks at a picture once and answers its expressions from that."""

    def __init__(
        self, model: RISAM, tokenizer: ClipTokenizer, card: ModelCard, embeddings: str | Path | None = None
    ) -> None:
        """A predictor; with a folder `embeddings`, what it made of a picture is kept there."""
        self.model, self.tokenizer, self.card = model, tokenizer, card
        self.device = next(model.parameters()).device
        self.side = model.config.image.size
        self.cache = EmbeddingCache(embeddings, self._key()) if embeddings else None

    def _key(self) -> str:
        cpu = torch.backends.cpu.get_cpu_capability()
        device = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else cpu
        choices = (VERSION, transformers.__version__, self.model.config, self.device.type, device)
        return weights_key([self.model.image_encoder, self.model.enhancement], *choices)

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Encoded:
        """Everything that depends on the picture alone."""

        def compute() -> Tensor:
            return self.model.encode(to_square(image, self.model.config.image)[None].to(self.device))

        features = self.cache.get(image, compute) if self.cache else compute()
        return Encoded(features.to(self.device), Placement.of(image.shape[0], image.shape[1], self.side))

    @torch.inference_mode()
    def decode(self, encoded: Encoded, expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits (H, W) per expression, positive where the probability exceeds the model's threshold."""
        ids, real = (t.to(self.device) for t in self.tokenizer(expressions))
        visual = encoded.features.expand(len(ids), -1, -1, -1)
        logits = to_picture(self.model.decode(visual, ids, real), encoded.place, self.side)
        threshold = self.model.config.threshold
        shifted = logits - math.log(threshold / (1 - threshold))
        return list(shifted[:, 0].float().cpu().numpy())

    def predict(self, image: NDArray[np.uint8], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits per expression."""
        return self.decode(self.encode(image), expressions)
