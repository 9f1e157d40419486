"""Where image and words meet: Mutual-Aware Attention (section 3.3), and what the paper compares it with.

Every fusion block takes visual tokens (B, H*W, C), words (B, L, C'), which words are real (B, L) and the size
(H, W) of the grid, and gives visual tokens (B, H*W, C) and words (B, L, C); those of padding are zero.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from baselines.risam.config import RISAMConfig
from baselines.risam.enhancement import CBA

Grid = tuple[int, int]
Fused = tuple[Tensor, Tensor]


class MutualAttention(nn.Module):
    """Each position weights the words, each word weights the positions (eqs. 3-5)."""

    def __init__(self, words: int, config: RISAMConfig) -> None:
        super().__init__()
        self.rule, self.threshold = config.mask_rule, config.mask_threshold
        self.renormalise = config.renormalise_transpose
        self.visual = nn.Linear(config.width, config.width, bias=False)  # W_v
        self.linguistic = nn.Linear(words, config.width, bias=False)  # W_l
        self.visual_norm = nn.LayerNorm(config.width)
        self.linguistic_norm = nn.LayerNorm(config.width)

    def forward(self, visual: Tensor, words: Tensor, real: Tensor, grid: Grid) -> Fused:
        """Language-aware visual features and vision-aware linguistic features."""
        z_v, z_l = self.visual(visual), self.linguistic(words)
        scores = z_v @ z_l.transpose(1, 2) / math.sqrt(z_v.shape[-1])  # (B, H*W, L)
        allowed = self.allowed(scores, real)
        attention = _softmax(scores, allowed, real[:, None])  # A of eq. 3
        backwards = attention.transpose(1, 2)
        if self.renormalise:
            every = torch.ones_like(real[:, :, None])
            backwards = _softmax(scores.transpose(1, 2), allowed.transpose(1, 2), every)
        seen = self.visual_norm(attention @ z_l + z_v)  # eq. 5
        read = self.linguistic_norm(backwards @ z_v + z_l)
        return seen, read * real[..., None]

    def allowed(self, scores: Tensor, real: Tensor) -> Tensor:
        """Which pairs of position and word may attend (B, H*W, L): M of eq. 4, and no padding."""
        pairs = real[:, None].expand_as(scores)
        if self.rule == "keep_relevant":
            return pairs & (torch.sigmoid(scores) >= self.threshold)
        if self.rule == "as_printed":
            return pairs & (torch.sigmoid(scores) < self.threshold)
        return pairs


def _softmax(scores: Tensor, allowed: Tensor, otherwise: Tensor) -> Tensor:
    """Softmax over the allowed entries of the last axis; a row without any is over `otherwise`."""
    allowed = torch.where(allowed.any(-1, keepdim=True), allowed, otherwise)
    return scores.masked_fill(~allowed, float("-inf")).softmax(-1)


class SpatialDynamicFusion(MutualAttention):
    """Vision-guided attention alone: the words learn nothing of the image (Table 3, #6, after VLT)."""

    def forward(self, visual: Tensor, words: Tensor, real: Tensor, grid: Grid) -> Fused:
        """As `MutualAttention.forward`."""
        z_v, z_l = self.visual(visual), self.linguistic(words)
        scores = z_v @ z_l.transpose(1, 2) / math.sqrt(z_v.shape[-1])
        attention = _softmax(scores, self.allowed(scores, real), real[:, None])
        return self.visual_norm(attention @ z_l + z_v), self.linguistic_norm(z_l) * real[..., None]


class SerialAttention(SpatialDynamicFusion):
    """Both attentions one after the other (Table 3, #7, after BRINet).

    Positions read the words first; what they have read then tells them which other positions to attend to.
    The words themselves learn nothing of the image.
    """

    def __init__(self, words: int, config: RISAMConfig) -> None:
        super().__init__(words, config)
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key = nn.Linear(config.width, config.width, bias=False)
        self.region_norm = nn.LayerNorm(config.width)

    def forward(self, visual: Tensor, words: Tensor, real: Tensor, grid: Grid) -> Fused:
        """As `MutualAttention.forward`."""
        seen, read = super().forward(visual, words, real, grid)
        regions = scaled_dot_product_attention(self.query(seen), self.key(seen), seen)
        return self.region_norm(seen + regions), read


class ConvolutionFusion(nn.Module):
    """A convolution over the image joined with the mean of the words (Table 2, #2)."""

    def __init__(self, words: int, config: RISAMConfig) -> None:
        super().__init__()
        self.linguistic = nn.Linear(words, config.width, bias=False)
        self.join = CBA(2 * config.width, config.width, config.cba_convolutions)

    def forward(self, visual: Tensor, words: Tensor, real: Tensor, grid: Grid) -> Fused:
        """As `MutualAttention.forward`."""
        read = self.linguistic(words) * real[..., None]
        sentence = read.sum(1, keepdim=True) / real.sum(1)[:, None, None]
        both = torch.cat([visual, sentence.expand_as(visual)], 2)
        seen = self.join(both.transpose(1, 2).unflatten(2, grid))
        return seen.flatten(2).transpose(1, 2), read


class JointEncoder(nn.Module):
    """A transformer encoder layer over positions and words together (Table 3, #5, after ReSTR)."""

    def __init__(self, words: int, config: RISAMConfig) -> None:
        super().__init__()
        width = config.width
        self.linguistic = nn.Linear(words, width, bias=False)
        self.layer = nn.TransformerEncoderLayer(
            width,
            config.decoder_heads,
            4 * width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )

    def forward(self, visual: Tensor, words: Tensor, real: Tensor, grid: Grid) -> Fused:
        """As `MutualAttention.forward`."""
        both = torch.cat([visual, self.linguistic(words) * real[..., None]], 1)
        padding = torch.cat([torch.zeros_like(visual[..., 0], dtype=torch.bool), ~real], 1)
        both = self.layer(both, src_key_padding_mask=padding)
        seen, read = both.split([visual.shape[1], words.shape[1]], 1)
        return seen, read * real[..., None]


FUSIONS: dict[str, type[nn.Module]] = {
    "mutual": MutualAttention,
    "conv": ConvolutionFusion,
    "te": JointEncoder,
    "sdf": SpatialDynamicFusion,
    "bcm": SerialAttention,
}
