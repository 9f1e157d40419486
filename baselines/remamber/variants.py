"""What `rebench models` lists of ReMamber; what is built for each stands in `config.py`."""

from dataclasses import replace

from baselines.nn.tiny_variant import tiny_variant
from rebench.predict.interface import Variant

PAPER = "Yang et al., ReMamber, ECCV 2024, arXiv 2403.17839"

CONV = Variant(
    name="conv",
    paper=PAPER,
    parameters=254_578_177,
    trainable=254_578_177,
    image_size=480,
    max_words=20,
    published=True,
    as_published=True,
    note="computes what the release does",
)
MAMBA = replace(
    CONV,
    name="mamba",
    parameters=281_551_937,
    trainable=281_551_937,
    as_published=False,
    note="the release's other decoder, which the paper does not have",
)
VARIANTS = (
    CONV,
    replace(CONV, name="base", note="the same as conv"),
    MAMBA,
    replace(CONV, name="conv-paper", note="oddities of the release repaired"),
    replace(MAMBA, name="mamba-paper", note="oddities of the release repaired"),
    tiny_variant(PAPER, parameters=1_444_457, trainable=1_444_457),
)
