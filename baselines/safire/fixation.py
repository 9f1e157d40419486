"""The second phase of an SFLayer: group into windows, scan with the text, recover (paper, section 3.3)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.vssm import FeedForward, StateSpaceBranch, cross_orders
from baselines.safire.config import SaFiReConfig


@dataclass(frozen=True)
class Layout:
    """Where every token stands in the sequence that is scanned.

    Attributes:
        source: for each of the S positions, the token that stands there: 0 .. H*W - 1 is the map, then the
            words, then one empty token that fills up windows at the border.
        map_at: for each token of the map, its position.
        text_at: (copies, L), the positions of the words of every copy of the text.
        row: length of one window with its text, for the cross scan.
    """

    source: Tensor
    map_at: Tensor
    text_at: Tensor
    row: int


def layout(height: int, width: int, words: int, config: SaFiReConfig, device: torch.device) -> Layout:
    """The sequence of a map of height x width tokens with a sentence of `words` tokens."""
    w = config.window
    rows, columns = math.ceil(height / w), math.ceil(width / w)
    grid = torch.full((rows * w, columns * w), height * width + words, device=device)
    grid[:height, :width] = torch.arange(height * width, device=device).view(height, width)
    windows = grid.view(rows, w, columns, w).transpose(1, 2).reshape(rows * columns, w * w)
    text = torch.arange(words, device=device) + height * width
    if config.sequence == "fixate":
        source = torch.cat([windows, text.expand(len(windows), -1)], 1).flatten()
    elif config.sequence == "repeat":
        source = torch.cat([grid[:height, :width].flatten(), text.repeat(len(windows))])
    else:
        source = torch.cat([grid[:height, :width].flatten(), text])
    order = torch.argsort(source, stable=True)
    map_at = order[: height * width]
    copies = 1 if config.sequence == "vanilla" else len(windows)
    text_at = order[height * width : height * width + words * copies].view(words, copies).t()
    return Layout(source, map_at, text_at, w * w + words)


class Fixation(nn.Module):
    """One state-space layer over [window, text, window, text, ...].

    Reading: the depthwise convolution of the layer runs on each part's own grid (3 x 3 on the map, 3 along
    the sentence), and only the scan runs over the joint sequence. So neighbours stay neighbours across
    windows, and padding never touches a real token.
    """

    def __init__(self, width: int, copies: int, config: SaFiReConfig) -> None:
        super().__init__()
        self.config = config
        directions = {"forward": 1, "bidirectional": 2, "cross": 4}[config.fixation_scan]
        self.norm = nn.LayerNorm(width)
        self.op = StateSpaceBranch(width, directions, config.ssm_ratio, config.states, with_text=True)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, config.mlp_ratio)
        self.copy_weights = nn.Parameter(torch.zeros(copies))

    def forward(self, x: Tensor, height: int, width: int, text: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Map tokens (B, H*W, C) and words (B, L, C), of which `real` (B, L) are no padding."""
        at = layout(height, width, text.shape[1], self.config, x.device)
        parts = [self.op.map_tokens(self.norm(x), height, width), self.op.text_tokens(self.norm(text), real)]
        tokens = torch.cat([*parts, torch.zeros_like(parts[0][:, :1])], 1)
        counted = torch.cat([real.new_ones(x.shape[:2]), real, real.new_zeros(len(x), 1)], 1)
        y = self.op.scan(tokens[:, at.source], self._orders(at), counted[:, at.source])
        x = x + self.op.finish(y[:, at.map_at])
        copies = text[:, None] + self.op.finish(y[:, at.text_at])
        x = x + self.mlp(self.norm2(x))
        copies = copies + self.mlp(self.norm2(copies))
        weights = self._weights(len(at.text_at)).to(copies.dtype)
        return x, torch.einsum("bplc,p->blc", copies, weights) * real[..., None]

    def _orders(self, at: Layout) -> list[Tensor | None]:
        positions = torch.arange(len(at.source), device=at.source.device)
        if self.config.fixation_scan == "forward":
            return [None]
        if self.config.fixation_scan == "bidirectional":
            return [None, positions.flip(0)]
        if self.config.sequence != "fixate":
            raise ValueError("the cross scan needs windows with text: sequence='fixate'")
        return cross_orders(len(positions) // at.row, at.row, at.source.device)

    def _weights(self, copies: int) -> Tensor:
        """One weight per copy of the text, resampled linearly where the map has another size."""
        logits = self.copy_weights
        if len(logits) != copies:
            logits = interpolate(logits[None, None], copies, mode="linear", align_corners=True)[0, 0]
        return torch.softmax(logits, 0)
