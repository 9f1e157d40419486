"""Four ways to read a sentence into a map: the Twister (section 3.5) and the designs of section 3.6."""

from math import gcd

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.text import Text
from baselines.nn.vmamba import SS2D, LayerNorm2d, Linear2d
from baselines.nn.vssm import StateSpaceBranch
from baselines.ops.paths import directions, map_paths
from baselines.remamber.config import ReMamberConfig


class Twister(nn.Module):
    """A channel scan and a spatial scan over the hybrid cube (equation 7); the parts of Table 3."""

    def __init__(self, width: int, parts: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.scans, self.grid, self.antialias = config.scans, config.channel_grid, config.antialias
        if self.scans != "channel":
            self.ss2d = SS2D(width, parts * width, config.states, config.ratio)
        if self.scans != "spatial":
            features = self.grid**2
            self.ss1d = SS2D(
                features, states=config.states, ratio=config.ratio, order="bidirectional", gate=True
            )
        if self.scans in ("channel", "parallel"):
            self.project = Linear2d(parts * width, width, bias=False)

    def forward(self, cube: Tensor) -> Tensor:
        """The cube (B, parts * C, H, W) to (B, C, H, W)."""
        match self.scans:
            case "channel-spatial":
                return self.ss2d(self.mix(cube))
            case "spatial-channel":
                return self.mix(self.ss2d(cube))
            case "parallel":
                return self.ss2d(cube) + self.project(self.mix(cube))
            case "channel":
                return self.project(self.mix(cube))
            case _:
                return self.ss2d(cube)

    def mix(self, x: Tensor) -> Tensor:
        """x plus its channel scan: a sequence of channels, with the positions of a small grid as features."""
        small = _resize(x, (self.grid, self.grid), self.antialias)
        sequence = small.flatten(2).transpose(1, 2)[:, :, None]  # (B, grid * grid, 1, channels)
        scanned = self.ss1d(sequence)[:, :, 0].transpose(1, 2)
        return x + _resize(scanned.unflatten(2, (self.grid, self.grid)), x.shape[-2:], self.antialias)


def _resize(x: Tensor, size: tuple[int, ...], antialias: bool) -> Tensor:
    return interpolate(x, size, mode="bilinear", align_corners=False, antialias=antialias)


class TwisterBlock(nn.Module):
    """A Twister around a residual, and the conditions that it hands on."""

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.ln_1 = LayerNorm2d(width)
        self.self_attention = Twister(width, 1 + config.global_text + config.local_text, config)

    def forward(self, x: Tensor, conditions: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """The map and its conditions, each (B, C, H, W), to the same; one norm serves them all."""
        normed = [self.ln_1(part) for part in (x, *conditions)]
        x = x + self.self_attention(torch.cat(normed, 1))
        return x, [c + n for c, n in zip(conditions, normed[1:], strict=True)]


class InContextBlock(nn.Module):
    """(a) The words stand before the map in one sequence, in every direction of the scan.

    Readings: the depthwise convolution runs on the grid of the map and along the words, each alone; what the
    scan says of the words is not used again. Padding takes no step.
    """

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.words = nn.Sequential(nn.Linear(config.text_width, width), nn.LayerNorm(width))
        self.op = StateSpaceBranch(width, 4, config.ratio, with_text=True)

    def forward(self, x: Tensor, text: Text) -> Tensor:
        """A map (B, C, H, W) to the same."""
        height, width = x.shape[-2:]
        before = self.op.text_tokens(self.words(text.words), text.real)
        image = self.op.map_tokens(self.norm(x.flatten(2).transpose(1, 2)), height, width)
        length = before.shape[1]
        real = torch.cat([text.real, text.real.new_ones(image.shape[:2])], 1)
        over_map = directions(map_paths(height, width, "cross", x.device), True) + length
        over_words = torch.arange(length, device=x.device).expand(len(over_map), -1)
        paths = torch.cat([over_words, over_map], 1)
        y = self.op.scan(torch.cat([before, image], 1), paths, both_ways=False, real=real)
        return x + self.op.finish(y[:, length:]).transpose(1, 2).unflatten(2, (height, width))


class AttentionBlock(nn.Module):
    """(b) Cross-attention: every position asks the words. Reading: heads of 32 channels if that divides."""

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(
            width, width // gcd(width, 32), kdim=config.text_width, vdim=config.text_width, batch_first=True
        )

    def forward(self, x: Tensor, text: Text) -> Tensor:
        """A map (B, C, H, W) to the same; padding words have no weight."""
        query = self.norm(x.flatten(2).transpose(1, 2))
        y, _ = self.attention(query, text.words, text.words, key_padding_mask=~text.real, need_weights=False)
        return x + y.transpose(1, 2).unflatten(2, x.shape[-2:])


class NormAdaptationBlock(nn.Module):
    """(c) The sentence scales and shifts a norm (FiLM, Perez et al. 2018) before a spatial scan."""

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.norm = LayerNorm2d(width, elementwise_affine=False)
        self.modulation = nn.Linear(config.text_width, 2 * width)
        self.op = SS2D(width, states=config.states, ratio=config.ratio)

    def forward(self, x: Tensor, text: Text) -> Tensor:
        """A map (B, C, H, W) to the same."""
        scale, shift = self.modulation(text.sentence)[..., None, None].chunk(2, 1)
        return x + self.op((1 + scale) * self.norm(x) + shift)


BLOCKS: dict[str, type[nn.Module]] = {
    "twister": TwisterBlock,
    "in-context": InContextBlock,
    "attention": AttentionBlock,
    "norm": NormAdaptationBlock,
}
