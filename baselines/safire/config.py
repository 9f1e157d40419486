"""What a SaFiRe is made of, with every reading of the paper as a named field."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SaFiReConfig:
    """A configuration of SaFiRe (Mao et al., NeurIPS 2025); the defaults are the paper's main model.

    Attributes:
        image_size: side of the square input in pixels. Reading: 512, which the 4 x 4 windows divide.
        embed_dim, depths, heads, swin_window: Swin, whose four levels have embed_dim * 1, 2, 4, 8 channels.
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
    embed_dim: int = 128
    depths: tuple[int, ...] = (2, 2, 18, 2)
    heads: tuple[int, ...] = (4, 8, 16, 32)
    swin_window: int = 12
    swin_mlp_ratio: float = 4.0
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

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the four levels."""
        return tuple(self.embed_dim * 2**i for i in range(4))


BASE = SaFiReConfig()
TINY = SaFiReConfig(
    image_size=128,
    embed_dim=28,
    depths=(1, 1, 2, 1),
    heads=(1, 2, 4, 7),
    swin_window=8,
    swin_mlp_ratio=2.0,
    text="small",
    text_width=128,
    text_layers=2,
    text_heads=4,
    vocabulary=0,  # the length of its word list, filled in where the list is read
    max_words=24,
    window=8,
    ssm_ratio=1.0,
    mlp_ratio=2.0,
    open_gates=True,
    head_width=32,
)
