"""What `rebench models` lists of TFANet; what is built for each stands in `predictor.py`."""

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
    Variant(
        name="tiny",
        paper=PAPER,
        parameters=1_762_187,
        trainable=1_762_187,
        image_size=96,
        max_words=24,
        file="weights/tiny-scenes.safetensors",
        licence="Apache-2.0",
        trained_on=("scenes:train",),
    ),
)
