"""How the paper trains a RISAM, as data; its loss is `baselines.risam.model.loss`."""

from baselines.risam.config import PAPER_RECIPE as STATED
from baselines.risam.config import SAM_H
from baselines.train.paper import PaperRecipe

PAPER_RECIPE = PaperRecipe(
    optimizer="adam",
    lr=STATED.lr,
    weight_decay=STATED.weight_decay,
    schedule="milestones",
    per="epoch",
    milestones=STATED.milestones,
    factor=STATED.decay,
    epochs=STATED.epochs,
    batch=STATED.batch,
    dice=STATED.dice,
    focal=STATED.focal,
    focal_gamma=STATED.focal_gamma,
    drop_path=0.0,
    image_size=SAM_H.size,
    max_words=25,
    max_words_of=STATED.max_words,
)
"""Sections 3.5 and 4.2. Readings: Adam (the text says Adam and cites AdamW) without weight decay; every
referent once per epoch; the frozen encoders have no stochastic depth."""
