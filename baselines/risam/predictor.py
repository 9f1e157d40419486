"""RISAM behind the suite's predictor interface."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor
from transformers.utils import cached_file

from baselines.nn.cards import card_of, config_in, metadata
from baselines.nn.checkpoint import adopt, as_tensors, read_state
from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.nn.config import from_dict
from baselines.nn.files import write_tensors
from baselines.nn.predictor import EncodeOnce
from baselines.nn.text import Tokenizer
from baselines.nn.tiny import load_tiny
from baselines.nn.untrained import StandInTokenizer, seeded
from baselines.risam.cache import EmbeddingCache, weights_key
from baselines.risam.config import BASE, TINY, RISAMConfig
from baselines.risam.encoders import image_encoder
from baselines.risam.model import RISAM
from baselines.risam.preprocess import Placement, to_picture, to_square
from baselines.risam.tiny import build
from baselines.risam.variants import VARIANTS
from rebench.errors import RebenchError
from rebench.predict.interface import UNTRAINED, ModelCard
from rebench.predict.variants import choose

VERSION = 1
"""Of what `encode` computes: whoever changes that raises this, and old embeddings are no longer used."""
FOLDER = "REBENCH_EMBEDDINGS"
"""The environment variable that names the folder of kept embeddings; without it none are kept."""
CONFIGS = {"base": BASE, "tiny": TINY}
"""What is built for a variant; `variants.py` says what it is."""


def load(
    variant: str | None = None,
    weights: str | Path | None = None,
    device: str = "cpu",
    embeddings: str | Path | None = None,
    seed: int = 0,
) -> "RISAMPredictor":
    """RISAM as a predictor.

    Args:
        variant: "base", the paper's model; "tiny", made for scenes.
        weights: a file made by `save`, with the trained part (of "tiny": with everything). The frozen
            encoders come from folders of their names beside it (`sam-vit-huge`, `clip-vit-large-patch14`),
            else from the Hugging Face hub. Or "untrained" for random weights everywhere, with which nothing
            is read.
        device: where it computes.
        embeddings: a folder in which embeddings of pictures are kept, else $REBENCH_EMBEDDINGS, else none;
            those of untrained weights are never kept.
        seed: of random weights.

    Raises:
        RebenchError: an unknown variant, no weights or some that do not fit, an encoder that is not there.
    """
    chosen = choose("risam", VARIANTS, variant, weights)
    source = weights if weights is not None else Path(__file__).parent / str(chosen.file)
    tokenizer: Tokenizer
    if chosen.name == "tiny":
        model, tokenizer = load_tiny(build, source, seed)
    elif source == UNTRAINED:
        with seeded(seed):
            model = RISAM(CONFIGS[chosen.name])
        tokenizer = StandInTokenizer.clip(model.config.max_words, model.config.text.vocabulary)
    else:
        source = Path(source)
        model, tokenizer = _trained(source, CONFIGS[chosen.name])
    kept = None if source == UNTRAINED else embeddings or os.environ.get(FOLDER)
    threshold = model.config.threshold
    said = f"decides at probability {threshold}, as its paper: logits are shifted to be 0 there"
    card = card_of(
        "risam",
        chosen,
        model,
        source,
        device,
        packaged=weights is None,
        scans=False,
        warning=None if threshold == 0.5 else said,
        seed=seed,
    )
    return RISAMPredictor(model.to(device, torch.float32), tokenizer, card, kept)


def _trained(file: Path, otherwise: RISAMConfig) -> tuple[RISAM, ClipTokenizer]:
    """The model of a weights file, with its encoders from beside it or from the hub."""
    state = as_tensors(read_state(file))
    config = config_in(file, "RISAM", partial(from_dict, RISAMConfig), otherwise)
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
    said = metadata(file).get("frozen_sha256")
    if said is not None and said != model.frozen_sha256():
        raise RebenchError(
            f"{file} was trained with other weights of its frozen encoders than {config.image.pretrained} "
            f"and {config.text.pretrained} have here: put their folders beside it"
        )
    return model, tokenizer


def save(model: RISAM, file: str | Path) -> None:
    """Write the trained part of a model as safetensors, with its configuration."""
    write_tensors(model.trained_state(), Path(file), {"risam": json.dumps(asdict(model.config))})


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


class RISAMPredictor(EncodeOnce):
    """Looks at a picture once and answers its expressions from that."""

    def __init__(
        self, model: RISAM, tokenizer: Tokenizer, card: ModelCard, embeddings: str | Path | None = None
    ) -> None:
        """A predictor; with a folder `embeddings`, what it made of a picture is kept there."""
        super().__init__(model, tokenizer, card)
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
