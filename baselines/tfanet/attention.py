"""The Knowledge Plus Stage: a map and the words of a sentence read each other (section 3.3).

Both are channel-first: a map (B, C, H, W) and words (B, C, L). Padding words are zero when they come in; they
are no keys, and what they ask is zero when it comes out.
"""

from math import sqrt

import torch
from torch import Tensor, nn

from baselines.tfanet.config import TFANetConfig

EPS = 1e-6


def xnorm(x: Tensor, gamma: Tensor, dim: int) -> Tensor:
    """gamma x / sqrt(sum of x^2 over `dim` + 1e-6) (equation 9); x of any shape, gamma a scalar."""
    return gamma * x * torch.rsqrt(x.square().sum(dim, keepdim=True) + EPS)


def embedding(conv: type[nn.Module], inner: int, outer: int, size: int, separable: bool) -> nn.Module:
    """W_q, W_k or W_v of equations 4 to 6: a convolution without bias, so that nothing stays nothing.

    Args:
        conv: `nn.Conv2d` for a map, `nn.Conv1d` for words.
        inner, outer: channels in and out.
        size: of the kernel, odd.
        separable: 1 x 1, then depthwise.
    """
    if size == 1 or not separable:
        return conv(inner, outer, size, padding=size // 2, bias=False)
    depthwise = conv(outer, outer, size, padding=size // 2, groups=outer, bias=False)
    return nn.Sequential(conv(inner, outer, 1, bias=False), depthwise)


class LinearAttention(nn.Module):
    """XNorm(Q) XNorm(K^T V) (equations 8 and 14): its cost grows with the positions, not with their pairs."""

    def __init__(self, config: TFANetConfig) -> None:
        super().__init__()
        self.kv_axis = 1 if config.kv_norm == "keys" else 2
        self.gamma_q = nn.Parameter(torch.ones(()))
        self.gamma_kv = nn.Parameter(torch.ones(()))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Queries (B, D, N), keys and values (B, D, M), to (B, D, N). A key of 0 counts as none."""
        kv = xnorm(k @ v.transpose(1, 2), self.gamma_kv, self.kv_axis)  # (B, D of the keys, D of the values)
        return kv.transpose(1, 2) @ xnorm(q, self.gamma_q, 1)


class Multiscale(nn.Module):
    """One direction of MLAM: what asks and what is asked, at several scales (equations 4 to 10).

    Args:
        asks, asked: the convolutions of the two, `nn.Conv2d` or `nn.Conv1d`.
        width: C, channels of both.
        config: kernels, and the channels within.
    """

    def __init__(
        self, asks: type[nn.Module], asked: type[nn.Module], width: int, config: TFANetConfig
    ) -> None:
        super().__init__()
        inner, separable = int(config.mlam_ratio * width), config.convolution == "separable"

        def scales(conv: type[nn.Module]) -> nn.ModuleList:
            return nn.ModuleList(embedding(conv, width, inner, size, separable) for size in config.kernels)

        self.queries, self.keys, self.values = scales(asks), scales(asked), scales(asked)
        self.attentions = nn.ModuleList(LinearAttention(config) for _ in config.kernels)
        self.weights = nn.Parameter(torch.zeros(len(config.kernels)))
        self.out = nn.Conv1d(inner, width, 1, bias=False)

    def forward(self, query: Tensor, source: Tensor, real: Tensor | None) -> Tensor:
        """`query` (B, C, ...) enriched by `source` (B, C, ...), in its shape.

        Args:
            query: the map or the words that ask.
            source: what is asked.
            real: (B, L) bool, which words of the source are no padding; None for a map.
        """
        mixed = torch.zeros((), device=query.device)
        parts = zip(self.queries, self.keys, self.values, self.attentions, strict=True)
        for weight, (to_q, to_k, to_v, attend) in zip(self.weights.softmax(0), parts, strict=True):
            q, k, v = to_q(query).flatten(2), to_k(source).flatten(2), to_v(source).flatten(2)
            if real is not None:  # a kernel reaches from real words into the padding beside them
                k = k.masked_fill(~real[:, None], 0)
            mixed = mixed + weight * attend(q, k, v)
        return self.out(mixed).reshape(query.shape)


class MLAM(nn.Module):
    """The Multiscale Linear Cross-Attention Module, both directions."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        self.to_map = Multiscale(nn.Conv2d, nn.Conv1d, width, config)
        self.to_words = Multiscale(nn.Conv1d, nn.Conv2d, width, config)

    def forward(self, x: Tensor, words: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """F_VL (B, C, H, W) and F_LV (B, C, L) of a map and words."""
        enriched = self.to_words(words, x, None).masked_fill(~real[:, None], 0)
        return self.to_map(x, words, real), enriched


class SoftmaxAttention(nn.Module):
    """Equation 7, in several heads."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        self.heads = config.transformer_heads
        inner = int(config.transformer_ratio * width) // self.heads * self.heads
        self.query, self.key, self.value = (nn.Conv1d(width, inner, 1, bias=False) for _ in range(3))
        self.out = nn.Conv1d(inner, width, 1, bias=False)

    def forward(self, query: Tensor, source: Tensor, real: Tensor | None) -> Tensor:
        """As `Multiscale.forward`."""
        asks, asked = query.flatten(2), source.flatten(2)
        q, k, v = (
            layer(x).unflatten(1, (self.heads, -1))  # (B, heads, D, N)
            for layer, x in ((self.query, asks), (self.key, asked), (self.value, asked))
        )
        scores = q.transpose(2, 3) @ k / sqrt(q.shape[2])
        if real is not None:
            scores = scores.masked_fill(~real[:, None, None], -torch.inf)
        y = v @ scores.softmax(-1).transpose(2, 3)
        return self.out(y.flatten(1, 2)).reshape(query.shape)


class TransformerAttention(nn.Module):
    """The standard attention that Tables 3 and 4 compare MLAM with, both directions."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        self.to_map, self.to_words = SoftmaxAttention(width, config), SoftmaxAttention(width, config)

    def forward(self, x: Tensor, words: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """As `MLAM.forward`."""
        enriched = self.to_words(words, x, None).masked_fill(~real[:, None], 0)
        return self.to_map(x, words, real), enriched


class NoAttention(nn.Module):
    """The features as they come (Table 3, a and b)."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()

    def forward(self, x: Tensor, words: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """The map and the words."""
        return x, words


ATTENTIONS: dict[str, type[nn.Module]] = {
    "mlam": MLAM,
    "transformer": TransformerAttention,
    "none": NoAttention,
}
