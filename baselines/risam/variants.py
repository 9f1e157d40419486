"""What `rebench models` lists of RISAM; what is built for each stands in `predictor.py`."""

from baselines.nn.tiny_variant import tiny_variant
from rebench.predict.interface import Variant

PAPER = "Zhang et al., RISAM, 2024, arXiv 2311.15727"

VARIANTS = (
    Variant(
        name="base",
        paper=PAPER,
        parameters=764_963_648,
        trainable=5_795_648,
        image_size=1024,
        max_words=17,
        as_published=True,
        note="a file of weights holds what is trained, not the frozen encoders of SAM and CLIP",
    ),
    tiny_variant(PAPER, parameters=1_322_904, trainable=981_816),
)
