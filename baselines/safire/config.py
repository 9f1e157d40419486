"""What a SaFiRe is made of, with every reading of the paper as a named field."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class SaFiReConfig:
    """A configuration of SaFiRe (Mao et al., NeurIPS 2025); the defaults are the paper's main model.

    Attributes:
        image_size: side of the square input in pixels. Reading: 512, which the 4 x 4 windows divide.
        backbone: Swin, or a plain ViT with ViTDet's simple feature pyramid (the paper's Table 6; reading: the
            paper does not say how one map becomes four, nor how wide they are).
        embed_dim: the four levels have embed_dim * 1, 2, 4, 8 channels, Swin's own and those of the pyramid.
        depths, heads, swin_window, swin_mlp_ratio: of Swin.
        vit_width, vit_layers, vit_heads: of the ViT.
        drop_path: stochastic depth of Swin's last block in training. Reading: 0.1.
        feed_back: whether the visual output of an SFLayer takes the place of the stage's output on the way
            to the next stage of Swin. Reading: it does not, the layers decode what Swin has encoded. With it,
            a picture shares only its first stage among its expressions.
        text: BERT, or a small encoder with its own words.
        max_words: tokens kept of an expression. Reading: 20.
        saccade, fixation: which phases an SFLayer has (the paper's Table 4).
        sequence: what fixation scans. "fixate": a copy of the text after every window; "vanilla": the image,
            then the text; "repeat": the image, then a copy of the text per window (the paper's Table 5).
        window: side of a fixation window in tokens.
        fixation_scan: directions. Reading: forwards and backwards, summed; "cross" scans the grid of windows
            by tokens in four directions.
        ssm_ratio, mlp_ratio: of the state-space layers, whose state size is 1. Reading: as VMamba-B.
        open_gates: whether the gates of the saccades start open (1) and their modulation small and random,
            which learns sooner from nothing than the zeros of adaLN-Zero.
        head_width: channels of the mask head. Reading: 512, as LAVT.
    """

    image_size: int = 512
    backbone: Literal["swin", "vit"] = "swin"
    embed_dim: int = 128
    depths: tuple[int, ...] = (2, 2, 18, 2)
    heads: tuple[int, ...] = (4, 8, 16, 32)
    swin_window: int = 12
    swin_mlp_ratio: float = 4.0
    vit_width: int = 768
    vit_layers: int = 12
    vit_heads: int = 12
    drop_path: float = 0.1
    feed_back: bool = False
    text: Literal["bert", "small"] = "bert"
    text_width: int = 768
    text_layers: int = 12
    text_heads: int = 12
    vocabulary: int = 30522
    max_words: int = 20
    saccade: bool = True
    fixation: bool = True
    sequence: Literal["fixate", "vanilla", "repeat"] = "fixate"
    window: int = 4
    fixation_scan: Literal["bidirectional", "cross", "forward"] = "bidirectional"
    ssm_ratio: float = 2.0
    mlp_ratio: float = 4.0
    open_gates: bool = False
    head_width: int = 512

    def __post_init__(self) -> None:
        """Refuse what cannot be built. Raises ValueError."""
        if self.feed_back and self.backbone != "swin":
            raise ValueError("feed_back goes between the stages of Swin: a plain ViT has none")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the four levels."""
        return tuple(self.embed_dim * 2**i for i in range(4))


BASE = SaFiReConfig()
TINY = SaFiReConfig(
    image_size=96,
    embed_dim=24,
    depths=(2, 2, 4, 2),
    heads=(1, 2, 4, 8),
    swin_window=6,
    swin_mlp_ratio=2.0,
    drop_path=0.0,
    text="small",
    text_width=128,
    text_layers=2,
    text_heads=4,
    vocabulary=0,  # the length of its word list, filled in where the list is read
    max_words=24,
    window=6,
    ssm_ratio=1.0,
    mlp_ratio=2.0,
    open_gates=True,
    head_width=32,
)
CONFIGS = {"base": BASE, "tiny": TINY}
"""What is built for a variant; `variants.py` says what it is."""

# The rows of the paper's Tables 4 to 6, as changes of BASE, which is "both", "fixate 4 x 4" and "Swin-B".
ABLATIONS: dict[str, dict[str, Any]] = {
    "neither": {"saccade": False, "fixation": False},
    "saccade only": {"fixation": False},
    "fixation only": {"saccade": False},
    "vanilla [I...I T]": {"sequence": "vanilla"},
    "repeat [I...I T...T]": {"sequence": "repeat"},
    "fixate 2 x 2": {"window": 2},
    "fixate 8 x 8": {"window": 8},
    "ViT-B": {"backbone": "vit"},
    "Swin-L": {"embed_dim": 192, "heads": (6, 12, 24, 48)},
}
# Other readings of what the paper leaves open.
READINGS: dict[str, dict[str, Any]] = {
    "480 px": {"image_size": 480},
    "480 px, 15 tokens": {"image_size": 480, "max_words": 15},
    "head of 256 channels": {"head_width": 256},
    "feed back": {"feed_back": True},
    "four-way fixation scan": {"fixation_scan": "cross"},
    "forward fixation scan": {"fixation_scan": "forward"},
}
