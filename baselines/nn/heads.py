"""Mask heads."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


class TopDownHead(nn.Module):
    """The light decoder of LAVT (Yang et al. 2022, eq. 5): from the coarsest level to the finest.

    At each step the coarse map is resized to the next finer level, joined with it, and mixed by two 3 x 3
    convolutions; a 1 x 1 convolution gives one logit per position of the finest level.
    """

    def __init__(self, widths: Sequence[int], hidden: int) -> None:
        super().__init__()
        coarse = widths[-1]
        steps = []
        for width in reversed(widths[:-1]):
            steps.append(nn.Sequential(*_conv(coarse + width, hidden), *_conv(hidden, hidden)))
            coarse = hidden
        self.steps = nn.ModuleList(steps)
        self.logit = nn.Conv2d(hidden, 1, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (B, C_i, H_i, W_i), finest first, to logits (B, 1, H_0, W_0)."""
        x = maps[-1]
        for step, finer in zip(self.steps, reversed(maps[:-1]), strict=True):
            x = interpolate(x, finer.shape[-2:], mode="bilinear", align_corners=True)
            x = step(torch.cat([x, finer], 1))
        return self.logit(x)


def _conv(inner: int, outer: int) -> list[nn.Module]:
    return [nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU()]
