"""What `rebench models` lists of SaFiRe; what is built for each stands in `config.py`."""

from rebench.predict.interface import Variant

PAPER = "Mao et al., SaFiRe, NeurIPS 2025, arXiv 2510.10160"

VARIANTS = (
    Variant(
        name="base",
        paper=PAPER,
        parameters=257_156_041,
        trainable=257_156_041,
        image_size=512,
        max_words=20,
        published=True,
        as_published=True,
        note="no published weights are known to fit",
    ),
    Variant(
        name="tiny",
        paper=PAPER,
        parameters=2_309_405,
        trainable=2_309_405,
        image_size=96,
        max_words=24,
        file="weights/tiny-scenes.safetensors",
        licence="Apache-2.0",
        trained_on=("scenes:train",),
    ),
)
