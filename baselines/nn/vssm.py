"""The visual state-space layer of VMamba, over a map or over a sequence of several parts.

One layer is a block of VMamba: x += SSM(norm(x)), then x += MLP(norm(x)). The state-space branch projects,
mixes neighbours with a depthwise convolution, scans in several directions, sums, normalises and projects
back (Liu et al. 2024, VMamba; the variant without a gate, state size 1).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from baselines.nn.selective import SelectiveParameters
from baselines.ops import sequence_scan
from baselines.ops.paths import map_paths


class ScanParameters(SelectiveParameters):
    """The selective parameters of K directions, over a sequence.

    The state has one entry per channel, as in VMamba's models of 2024.
    """

    def forward(self, x: Tensor, paths: Tensor, both_ways: bool = True, real: Tensor | None = None) -> Tensor:
        """Scan a sequence in K directions and sum.

        Args:
            x: (B, L, width).
            paths: (P, L), per path the positions as it visits them.
            both_ways: whether every path is scanned from its end too, which makes K = 2P; else K = P.
            real: (B, L) bool; a position that is not real leaves the states alone and has output 0.
        """
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        return sequence_scan(wide, *self.weights, paths, both_ways, real)


class StateSpaceBranch(nn.Module):
    """Projection, depthwise convolution, scan, normalisation and projection back.

    The rank of the steps is a sixteenth of the width outside, as VMamba has it, and not of the scan's.
    """

    def __init__(self, width: int, directions: int, ratio: float, with_text: bool = False) -> None:
        super().__init__()
        inner = int(ratio * width)
        self.in_proj = nn.Linear(width, inner, bias=False)
        self.conv2d = nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False)
        self.text_conv = (
            nn.Conv1d(inner, inner, 3, padding=1, groups=inner, bias=False) if with_text else None
        )
        self.scan = ScanParameters(directions, inner, rank=math.ceil(width / 16))
        self.out_norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, width, bias=False)

    def map_tokens(self, x: Tensor, height: int, width: int) -> Tensor:
        """Project the tokens of a map and mix neighbours on its grid; (B, H*W, C) to (B, H*W, inner)."""
        grid = self.in_proj(x).transpose(1, 2).unflatten(2, (height, width))
        return silu(self.conv2d(grid)).flatten(2).transpose(1, 2)

    def text_tokens(self, t: Tensor, real: Tensor) -> Tensor:
        """The same for a sentence, along its words; padding counts as nothing."""
        assert self.text_conv is not None
        words = self.in_proj(t) * real[..., None]
        return silu(self.text_conv(words.transpose(1, 2))).transpose(1, 2) * real[..., None]

    def finish(self, y: Tensor) -> Tensor:
        """What follows the scan."""
        return self.out_proj(self.out_norm(y))


class FeedForward(nn.Sequential):
    """The MLP branch."""

    def __init__(self, width: int, ratio: float) -> None:
        hidden = int(width * ratio)
        super().__init__(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class MapLayer(nn.Module):
    """A VMamba block over a map: tokens (B, H*W, C) in row-major order, scanned in four directions."""

    def __init__(self, width: int, ratio: float, mlp_ratio: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.op = StateSpaceBranch(width, 4, ratio)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, mlp_ratio)

    def forward(self, x: Tensor, height: int, width: int) -> Tensor:
        """Tokens in, tokens out."""
        tokens = self.op.map_tokens(self.norm(x), height, width)
        x = x + self.op.finish(self.op.scan(tokens, map_paths(height, width, "cross", x.device)))
        return x + self.mlp(self.norm2(x))
