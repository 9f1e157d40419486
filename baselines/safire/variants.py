"""What `rebench models` lists of SaFiRe; what is built for each stands in `config.py`."""

from baselines.nn.tiny_variant import tiny_variant
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
    tiny_variant(PAPER, parameters=2_309_405, trainable=2_309_405),
)
