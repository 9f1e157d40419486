"""One fusion between two stages of the trunk: the fusion block, the two scans, and what they give."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from baselines.nn.text import Text
from baselines.nn.vmamba import SS2D, LayerNorm2d, Linear2d
from baselines.tfanet.attention import ATTENTIONS
from baselines.tfanet.config import TFANetConfig


class FusionBlock(nn.Module):
    """F_block = [F_VL, F~_LV, F_c] (equations 16 to 19), 3C channels."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        inner, size = int(config.similarity_ratio * width), config.similarity_kernel
        self.max_words = config.max_words
        self.visual = Linear2d(width, inner, bias=False)
        self.verbal = nn.Linear(width, inner, bias=False)
        self.convolution = nn.Conv2d(config.max_words, width, size, padding=size // 2)
        norm = LayerNorm2d if config.block_norm else nn.Identity
        self.norms = nn.ModuleList(norm(width) for _ in range(3))

    def forward(self, x: Tensor, words: Tensor, said: Tensor) -> Tensor:
        """The block (B, 3C, H, W).

        Args:
            x: F_VL, (B, C, H, W).
            words: F_LV, (B, C, L), zero where padding; L is at most `max_words`.
            said: what is expanded over the map, (B, C).
        """
        similarity = torch.einsum("bdhw,bld->blhw", self.visual(x), self.verbal(words.transpose(1, 2)))
        similarity = pad(similarity, (0, 0, 0, 0, 0, self.max_words - similarity.shape[1]))
        parts = (x, said[..., None, None].expand_as(x), self.convolution(similarity))
        return torch.cat([norm(part) for norm, part in zip(self.norms, parts, strict=True)], 1)


class ChannelScan(nn.Module):
    """CSSM: a sequence of channels, with the positions of a small grid as features (ReMamber, section 3.5).

    The grid makes the weights independent of the size of the map.
    """

    def __init__(self, config: TFANetConfig) -> None:
        super().__init__()
        self.grid = (config.channel_grid, config.channel_grid)
        features = config.channel_grid**2
        self.scan = SS2D(
            features, states=config.states, ratio=config.channel_ratio, order="bidirectional", gate=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        small = resize(x, self.grid)
        scanned = self.scan(small.flatten(2).transpose(1, 2)[:, :, None])  # (B, features, 1, C)
        return resize(scanned[:, :, 0].transpose(1, 2).unflatten(2, self.grid), x.shape[-2:])


def resize(x: Tensor, size: tuple[int, ...] | torch.Size) -> Tensor:
    """Bilinear, averaged where it shrinks; the identity if x has the size."""
    if x.shape[-2:] == size:
        return x
    return interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)


class CFSM(nn.Module):
    """The Cross-modal Feature Scanning Module: along channels, then over positions (equations 20 to 22)."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        self.adds_block = config.spatial_input == "sum"
        self.cssm = ChannelScan(config)
        self.scsm = SS2D(width, states=config.states, ratio=config.spatial_ratio)

    def forward(self, block: Tensor) -> Tensor:
        """F_block (B, 3C, H, W) to F_F of the same shape."""
        channel = block + self.cssm(block)
        space = self.scsm(block + channel if self.adds_block else channel)
        return space + channel


class Fusion(nn.Module):
    """The delta of equation 2: a map and a sentence to the fused map that the next stage also sees."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        self.from_sentence = config.global_text == "sentence"
        self.residual = config.attention_residual and config.attention != "none"
        self.text = nn.Linear(config.text_width, width)
        self.attention = ATTENTIONS[config.attention](width, config)
        self.block = FusionBlock(width, config)
        self.cfsm = CFSM(3 * width, config) if config.cfsm else nn.Identity()
        self.project = Linear2d(3 * width, width)

    def forward(self, x: Tensor, text: Text) -> tuple[Tensor, Tensor]:
        """F_F (B, C, H, W) and the words F_LV (B, C, L), zero where padding, of a map (B, C, H, W).

        The words of the text are zero where padding.
        """
        words = self.text(text.words).transpose(1, 2).masked_fill(~text.real[:, None], 0)
        visual, verbal = self.attention(x, words, text.real)
        if self.residual:
            visual, verbal = x + visual, words + verbal
        if self.from_sentence:
            said = self.text(text.sentence)
        else:
            said = verbal.sum(2) / text.real.sum(1, keepdim=True).clamp(min=1)
        return self.project(self.cfsm(self.block(visual, verbal, said))), verbal
