"""RISAM in the size of its paper: the encoders are frozen, what lies between them is trained."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from baselines.nn.clip import ClipText, ClipTokenizer
from baselines.risam.encoders import image_encoder
from baselines.risam.model import RISAM
from baselines.risam.predictor import CONFIGS, RISAMPredictor
from baselines.risam.preprocess import Placement, to_square
from baselines.risam.training import PAPER_RECIPE
from baselines.train.learner import NOTHING, Learner, Start, reachable, starting_from
from baselines.train.paper import PaperRecipe
from rebench.errors import RebenchError
from rebench.predict.interface import ModelCard


class RISAMLearner(Learner):
    """RISAM with SAM and CLIP; its weights files hold the trained part and name the encoders."""

    name = "risam"
    recipes: ClassVar = {"risam": PAPER_RECIPE}
    variants = tuple(name for name in CONFIGS if name != "tiny")
    backbone_part = ("image_encoder.",)

    def __init__(self, variant: str, recipe: PaperRecipe, start: Start) -> None:
        config = CONFIGS[variant]
        if NOTHING in (start.backbone, start.text):
            raise RebenchError("RISAM's encoders are frozen: they cannot begin with nothing")
        image, text = start.backbone or config.image.pretrained, start.text or config.text.pretrained
        config = replace(
            config,
            image=replace(config.image, pretrained=image, size=recipe.image_size),
            text=replace(config.text, pretrained=text),
            max_words=recipe.max_words,
        )
        remedy = "give --backbone and --text a folder or a name on the Hugging Face hub"
        with starting_from("the image encoder", image, remedy):
            seer = image_encoder(config.image, reachable(image))
        with starting_from("the text encoder", text, remedy):
            reader = ClipText.from_pretrained(reachable(text))
            self.tokenizer = ClipTokenizer(text, config.max_words)
        self.model = RISAM(config, seer, reader)
        self._encoders = self.model.frozen_sha256()

    def picture(self, image: NDArray[np.uint8]) -> Tensor:
        """As SAM: the longer side fills the square, the rest is padding."""
        return to_square(image, self.model.config.image)

    def mask(self, mask: NDArray[np.bool_]) -> Tensor:
        """Where `picture` puts it, by the nearest neighbour; nothing in the padding."""
        side = self.model.config.image.size
        place = Placement.of(mask.shape[0], mask.shape[1], side)
        inner = (place.inner_width, place.inner_height)
        resized = Image.fromarray(mask.astype(np.uint8)).resize(inner, Image.Resampling.NEAREST)
        square = torch.zeros(1, side, side)
        square[0, : place.inner_height, : place.inner_width] = torch.from_numpy(np.array(resized)).float()
        return square

    def logits(self, model: RISAM, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """At four times the size of the features."""
        return model(images, ids, real)

    def predictor(self, model: RISAM) -> RISAMPredictor:
        """Of a model in training; keeps no embeddings, since the enhancement is being trained."""
        return RISAMPredictor(model, self.tokenizer, ModelCard(self.name))

    def said(self) -> Mapping[str, str]:
        """Which frozen encoders the weights are for."""
        return {"frozen_sha256": self._encoders}

    def state(self, model: RISAM) -> Mapping[str, Tensor]:
        """The trained part."""
        return model.trained_state()
