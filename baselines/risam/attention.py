"""Multi-head attention and MLPs of RISAM's trained part, with keys that may be padding."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class MultiHeadAttention(nn.Module):
    """Linear layers to queries, keys and values, softmax(Q K^T / sqrt(d_k)) V per head (eq. 7)."""

    def __init__(self, width: int, heads: int, output: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width) if output else nn.Identity()

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor, real: Tensor | None = None) -> Tensor:
        """(B, N, C) attending to (B, M, C).

        Args:
            queries: (B, N, C).
            keys: (B, M, C).
            values: (B, M, C).
            real: (B, M) bool; a key that is not real is attended to by none. Every row has a real one.
        """
        q = self.query(queries).unflatten(2, (self.heads, -1)).transpose(1, 2)
        k = self.key(keys).unflatten(2, (self.heads, -1)).transpose(1, 2)
        v = self.value(values).unflatten(2, (self.heads, -1)).transpose(1, 2)
        mask = None if real is None else real[:, None, None]
        return self.output(scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2))


class MLP(nn.Sequential):
    """Two linear layers with a GELU between them, applied per position."""

    def __init__(self, inner: int, outer: int, hidden: int | None = None) -> None:
        hidden = hidden or outer
        super().__init__(nn.Linear(inner, hidden), nn.GELU(), nn.Linear(hidden, outer))


def sine_positions(length: int, width: int, like: Tensor) -> Tensor:
    """Sine and cosine positions (length, width) of Vaswani et al. 2017, section 3.5; width is even."""
    rates = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(10_000) / width))
    angles = torch.arange(length, device=like.device)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).to(like.dtype)
