"""How the paper trains a RISAM, as data."""

from baselines.train.paper import PaperRecipe

PAPER_RECIPE = PaperRecipe(
    optimizer="adam",
    lr=1e-4,
    weight_decay=0.0,
    schedule="milestones",
    per="epoch",
    milestones=(30, 42),
    factor=0.1,
    epochs=50,
    batch=32,
    dice=0.5,
    focal=0.5,
    focal_gamma=2.0,
    drop_path=0.0,
    image_size=1024,
    max_words=25,
    max_words_of=(("refcoco", 17), ("refcoco+", 25), ("refcocog", 25)),
)
"""Sections 3.5 and 4.2. Readings: Adam (the text says Adam and cites AdamW) without weight decay; every
referent once per epoch; the frozen encoders have no stochastic depth; 1024 px, as SAM; masks are reduced to
the size of the logits, four times that of the features.
"""
