"""What `rebench models` lists of TFANet; what is built for each stands in `predictor.py`."""

from baselines.nn.tiny_variant import tiny_variant
from rebench.predict.interface import Variant

PAPER = "Lu et al., TFANet, 2025"

VARIANTS = (
    Variant(
        name="base",
        paper=PAPER,
        parameters=267_786_955,
        trainable=267_786_955,
        image_size=480,
        max_words=17,
        as_published=True,
    ),
    tiny_variant(PAPER, parameters=1_762_187, trainable=1_762_187),
)
