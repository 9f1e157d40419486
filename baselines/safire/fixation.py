"""The second phase of an SFLayer: group into windows, scan with the text, recover (paper, section 3.3)."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from baselines.nn.vssm import FeedForward, StateSpaceBranch
from baselines.ops.paths import map_paths
from baselines.safire.config import SaFiReConfig


class Grouping:
    """How a map of height x width tokens and L words stand in one sequence, and how they come back.

    A token has any shape behind its position, so the same code moves features and marks of what is real.
    """

    def __init__(self, height: int, width: int, words: int, config: SaFiReConfig) -> None:
        self.height, self.width, self.words = height, width, words
        self.sequence, self.side = config.sequence, config.window
        self.rows, self.columns = math.ceil(height / self.side), math.ceil(width / self.side)
        self.windows = self.rows * self.columns
        self.copies = 1 if self.sequence == "vanilla" else self.windows

    def join(self, tokens: Tensor, text: Tensor) -> Tensor:
        """Tokens (B, H*W, C) and text (B, L, C) to the sequence (B, S, C)."""
        copies = text[:, None].expand(-1, self.copies, -1, -1)
        if self.sequence != "fixate":
            return torch.cat([tokens, copies.flatten(1, 2)], 1)
        w = self.side
        grid = tokens.unflatten(1, (self.height, self.width))
        grid = pad(grid, (0, 0, 0, self.columns * w - self.width, 0, self.rows * w - self.height))
        grid = grid.unflatten(2, (self.columns, w)).unflatten(1, (self.rows, w)).transpose(2, 3)
        windows = grid.reshape(len(tokens), self.windows, w * w, -1)
        return torch.cat([windows, copies], 2).flatten(1, 2)

    def split(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """The sequence back to tokens (B, H*W, C) and the copies of the text (B, copies, L, C)."""
        if self.sequence != "fixate":
            tokens, copies = sequence.split([self.height * self.width, self.copies * self.words], 1)
            return tokens, copies.unflatten(1, (self.copies, self.words))
        w = self.side
        windows, copies = sequence.unflatten(1, (self.windows, -1)).split([w * w, self.words], 2)
        grid = windows.unflatten(2, (w, w)).unflatten(1, (self.rows, self.columns)).transpose(2, 3)
        grid = grid.flatten(3, 4).flatten(1, 2)  # (B, rows * w, columns * w, C)
        return grid[:, : self.height, : self.width].flatten(1, 2), copies

    def paths(self, scan: str, device: torch.device) -> Tensor:
        """The paths of a scan, (P, S): along the sequence, and for "cross" also across its windows."""
        if scan == "cross":
            return map_paths(self.windows, self.side**2 + self.words, "cross", device)
        along = self.windows * self.side**2 if self.sequence == "fixate" else self.height * self.width
        return torch.arange(along + self.copies * self.words, device=device)[None]


class Fixation(nn.Module):
    """One state-space layer over [window, text, window, text, ...].

    Reading: the depthwise convolution of the layer runs on each part's own grid (3 x 3 on the map, 3 along
    the sentence), and only the scan runs over the joint sequence. So neighbours stay neighbours across
    windows, and padding never touches a real token.
    """

    def __init__(self, width: int, copies: int, config: SaFiReConfig) -> None:
        super().__init__()
        if config.fixation_scan == "cross" and config.sequence != "fixate":
            raise ValueError("the cross scan runs over windows with their text: it needs sequence='fixate'")
        self.config = config
        directions = {"forward": 1, "bidirectional": 2, "cross": 4}[config.fixation_scan]
        self.norm = nn.LayerNorm(width)
        self.op = StateSpaceBranch(width, directions, config.ssm_ratio, with_text=True)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, config.mlp_ratio)
        self.copy_weights = nn.Parameter(torch.zeros(copies))

    def forward(
        self, x: Tensor, height: int, width: int, text: Tensor, real: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Map tokens (B, H*W, C) and words (B, L, C), of which `real` (B, L) are no padding."""
        group = Grouping(height, width, text.shape[1], self.config)
        tokens = self.op.map_tokens(self.norm(x), height, width)
        words = self.op.text_tokens(self.norm(text), real)
        counts = group.join(real.new_ones(*x.shape[:2], 1), real[..., None])[..., 0]
        scan = self.config.fixation_scan
        paths = group.paths(scan, x.device)
        y = self.op.scan(group.join(tokens, words), paths, scan != "forward", counts)
        map_y, text_y = group.split(y)
        x = x + self.op.finish(map_y)
        copies = text[:, None] + self.op.finish(text_y)
        x = x + self.mlp(self.norm2(x))
        copies = copies + self.mlp(self.norm2(copies))
        weights = self._weights(group.copies).to(copies.dtype)
        return x, torch.einsum("bplc,p->blc", copies, weights) * real[..., None]

    def _weights(self, copies: int) -> Tensor:
        """One weight per copy of the text, resampled linearly where the map has another size."""
        logits: Tensor = self.copy_weights
        if len(logits) != copies:
            logits = interpolate(logits[None, None], copies, mode="linear", align_corners=True)[0, 0]
        return torch.softmax(logits, 0)
