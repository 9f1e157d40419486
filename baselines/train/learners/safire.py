"""SaFiRe in the size of its paper, and how the paper trains it (Mao et al., NeurIPS 2025)."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.nn.checkpoint import SWIN_NORMS, pretrained
from baselines.nn.images import normalised
from baselines.nn.text import BERT, BertEncoder, BertTokenizer
from baselines.safire.config import CONFIGS
from baselines.safire.model import SaFiRe
from baselines.safire.predictor import SaFiRePredictor
from baselines.train.learner import NOTHING, Learner, Start, reachable, starting_from
from baselines.train.paper import PaperRecipe
from rebench.predict.interface import ModelCard

PAPER_RECIPE = PaperRecipe(
    lr=5e-5,
    weight_decay=1e-4,
    schedule="cosine",
    per="step",
    epochs=50,
    batch=16,
    dice=0.5,
    focal=0.5,
    ema=0.9999,
    amp="fp16",
    drop_path=0.1,
    image_size=512,
    max_words=20,
)
"""Section 4.2: AdamW, 5e-5, weight decay 1e-4, cosine, 50 epochs, 0.5 Dice + 0.5 focal. The authors' command
adds mixed precision, an average of the weights, and 8 examples on each of 2 GPUs (reading: each). Further
readings: the decay of the average, that the cosine goes by steps and to 0, size and words."""

SWINS = {
    96: "microsoft/swin-tiny-patch4-window7-224",
    128: "microsoft/swin-base-patch4-window12-384-in22k",
    192: "microsoft/swin-large-patch4-window12-384-in22k",
}
"""ImageNet weights on the Hugging Face hub by `embed_dim`. Reading: those of ImageNet-22k at 384 px."""
VIT = "google/vit-base-patch16-224-in21k"


class SaFiReLearner(Learner):
    """SaFiRe with Swin (or ViT) and BERT."""

    name = "safire"
    recipes: ClassVar = {"safire": PAPER_RECIPE}
    variants = tuple(name for name, config in CONFIGS.items() if config.text == "bert")
    text_part = ("text.",)
    backbone_part = ("backbone.",)
    tokenizer: BertTokenizer

    def __init__(self, variant: str, recipe: PaperRecipe, start: Start) -> None:
        config = replace(
            CONFIGS[variant],
            image_size=recipe.image_size,
            max_words=recipe.max_words,
            drop_path=recipe.drop_path,
        )
        self.model = SaFiRe(config)
        usual = VIT if config.backbone == "vit" else SWINS.get(config.embed_dim, NOTHING)
        backbone = start.backbone or usual
        remedy = "give --backbone and --text a folder or a name on the Hugging Face hub, or none"
        if backbone != NOTHING:
            with starting_from("the backbone", backbone, remedy):
                _begin_backbone(self.model, reachable(backbone))
        text = start.text or BERT
        with starting_from("the text encoder", text, remedy):
            if text != NOTHING:
                _begin_text(self.model.text, reachable(text))
            self.tokenizer = BertTokenizer(BERT if text == NOTHING else text, recipe.max_words)
        self._text = text

    def picture(self, image: NDArray[np.uint8]) -> Tensor:
        """As `SaFiRePredictor.encode` prepares it."""
        return normalised(torch.tensor(image)[None], self.model.config.image_size)[0]

    def logits(self, model: SaFiRe, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """At the size of the input."""
        return model(images, ids, real)

    def predictor(self, model: SaFiRe) -> SaFiRePredictor:
        """Of a model in training."""
        return SaFiRePredictor(model, self.tokenizer, ModelCard(self.name))

    def save_tokenizer(self, folder: Path) -> None:
        """BERT's, from a folder."""
        if Path(self._text).is_dir():
            self.tokenizer.tokenizer.save_pretrained(folder / BERT)


def _begin_backbone(model: Any, source: str) -> None:
    from transformers import SwinBackbone, ViTModel

    if model.config.backbone == "vit":
        model.backbone.vit = pretrained(ViTModel, source, add_pooling_layer=False)
    else:
        config = model.backbone.config
        model.backbone = pretrained(SwinBackbone, source, SWIN_NORMS, config=config)


def _begin_text(text: BertEncoder, source: str) -> None:
    from transformers import BertModel

    text.bert.load_state_dict(pretrained(BertModel, source, add_pooling_layer=False).state_dict())
