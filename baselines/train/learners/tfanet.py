"""TFANet in the size of its paper."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from baselines.nn.clip import LARGE, ClipTokenizer
from baselines.tfanet.model import TFANet
from baselines.tfanet.predictor import CONFIGS, TFANetPredictor
from baselines.tfanet.training import PAPER_RECIPE
from baselines.train.learner import Learner, Start, put_trunk, trunk_shape, vmamba_trunk
from baselines.train.learners.remamber import clip
from baselines.train.paper import PaperRecipe
from rebench.predict.interface import ModelCard


class TFANetLearner(Learner):
    """TFANet with VMamba and CLIP's text tower, which is trained too (reading)."""

    name = "tfanet"
    recipes: ClassVar = {"tfanet": PAPER_RECIPE}
    variants = tuple(name for name in CONFIGS if name != "tiny")
    backbone_part = ("trunk.",)
    tokenizer: ClipTokenizer

    def __init__(self, variant: str, recipe: PaperRecipe, start: Start) -> None:
        trunk = vmamba_trunk(start.backbone)
        text, self.tokenizer, self._source = clip(start.text, recipe.max_words)
        config = replace(
            CONFIGS[variant],
            image_size=recipe.image_size,
            max_words=recipe.max_words,
            drop_path=recipe.drop_path,
            text_width=text.width,
            **trunk_shape(trunk),
        )
        self.model = TFANet(config, text)
        put_trunk(self.model.trunk, trunk)

    def logits(self, model: TFANet, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """The referent's score minus the background's: its cross-entropy is that of the two scores."""
        assert model.text_encoder is not None
        words, sentence = model.text_encoder(ids, real)
        scores = model(images, words, sentence, real)
        return scores[:, 1:] - scores[:, :1]

    def predictor(self, model: TFANet) -> TFANetPredictor:
        """Of a model in training."""
        return TFANetPredictor(model, self.tokenizer, ModelCard(self.name))

    def save_tokenizer(self, folder: Path) -> None:
        """CLIP's, from a folder."""
        if Path(self._source).is_dir():
            self.tokenizer.tokenizer.save_pretrained(folder / LARGE.rpartition("/")[2])
