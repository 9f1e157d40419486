"""ReMamber in the size of its paper."""

from pathlib import Path
from typing import ClassVar

from torch import Tensor

from baselines.nn.clip import LARGE, ClipText, ClipTokenizer
from baselines.remamber.config import configure
from baselines.remamber.model import ReMamber
from baselines.remamber.predictor import BUILT, ReMamberPredictor
from baselines.remamber.training import PAPER, RELEASED
from baselines.train.learner import (
    NOTHING,
    Learner,
    Start,
    put_trunk,
    reachable,
    starting_from,
    trunk_shape,
    vmamba_trunk,
)
from baselines.train.paper import PaperRecipe
from rebench.predict.interface import ModelCard


class ReMamberLearner(Learner):
    """ReMamber with VMamba and CLIP's text tower, which is trained too."""

    name = "remamber"
    recipes: ClassVar = {"remamber": RELEASED, "remamber-paper": PAPER}
    variants = tuple(name for name in BUILT if name != "tiny")
    backbone_part = ("backbone.patch_embed.", "backbone.layers.")
    tokenizer: ClipTokenizer

    def __init__(self, variant: str, recipe: PaperRecipe, start: Start) -> None:
        decoder, kind = BUILT[variant]
        trunk = vmamba_trunk(start.backbone)
        text, self.tokenizer, self._source = clip(start.text, recipe.max_words)
        config = configure(
            kind,
            decoder=decoder,
            image_size=recipe.image_size,
            max_words=recipe.max_words,
            drop_path=recipe.drop_path,
            text_width=text.width,
            **trunk_shape(trunk),
        )
        self.model = ReMamber(config, text)
        put_trunk(self.model.backbone, trunk)

    def logits(self, model: ReMamber, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """At the size of the input."""
        assert model.text_encoder is not None
        words, sentence = model.text_encoder(ids, real)
        return model(images, words, sentence, real)

    def predictor(self, model: ReMamber) -> ReMamberPredictor:
        """Of a model in training."""
        return ReMamberPredictor(model, self.tokenizer, ModelCard(self.name))

    def save_tokenizer(self, folder: Path) -> None:
        """CLIP's, from a folder."""
        if Path(self._source).is_dir():
            self.tokenizer.tokenizer.save_pretrained(folder / LARGE.rpartition("/")[2])


def clip(source: str | None, max_words: int) -> tuple[ClipText, ClipTokenizer, str]:
    """CLIP's text tower and tokenizer: of the source, else of ViT-L/14; and where they came from."""
    source = source or LARGE
    remedy = "give --text a folder or a name on the Hugging Face hub"
    with starting_from("the text encoder", source, remedy):
        text = ClipText.large() if source == NOTHING else ClipText.from_pretrained(reachable(source))
        return text, ClipTokenizer(LARGE if source == NOTHING else source, max_words), source
