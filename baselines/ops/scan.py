"""The selective scan of Mamba in plain PyTorch, fast enough to train with and fit for any device.

The recurrence runs over blocks of the sequence at once: a sequence of length L costs about 2 sqrt(L) small
steps instead of L, forwards and backwards, and no decay is ever inverted, so nothing overflows.
"""

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus


class _Recurrence(torch.autograd.Function):
    """h[t] = a[t] * h[t-1] + b[t] along dimension 1, with h[-1] = 0."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        h = _blocked(a, b)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        a, h = ctx.saved_tensors
        # the gradient obeys the same recurrence backwards: g[t] = grad[t] + a[t+1] g[t+1]
        later = pad(a[:, 1:], (0, 0, 0, 1)).flip(1)
        g = _blocked(later, grads[0].flip(1)).flip(1)
        before = pad(h[:, :-1], (0, 0, 1, 0))
        return g * before, g


def _blocked(a: Tensor, b: Tensor) -> Tensor:
    """The recurrence, block by block: all blocks step together, then the carries run through the blocks."""
    batch, length, width = a.shape
    steps = max(math.isqrt(length), 1)
    blocks = -(-length // steps)
    fill = (0, 0, 0, blocks * steps - length)
    a = pad(a, fill).view(batch, blocks, steps, width)
    h = pad(b, fill).view(batch, blocks, steps, width).clone()
    decay = a.clone()
    for i in range(1, steps):
        h[:, :, i].addcmul_(a[:, :, i], h[:, :, i - 1])
        decay[:, :, i].mul_(decay[:, :, i - 1])
    carry = h[:, :, -1].clone()
    for j in range(1, blocks):
        carry[:, j].addcmul_(decay[:, j, -1], carry[:, j - 1])
    h[:, 1:].addcmul_(decay[:, 1:], carry[:, :-1, None])
    return h.view(batch, blocks * steps, width)[:, :length]


def recurrence(a: Tensor, b: Tensor) -> Tensor:
    """h[t] = a[t] * h[t-1] + b[t] with h[-1] = 0, elementwise; a, b and h are (batch, length, width)."""
    return _Recurrence.apply(a, b)


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
) -> Tensor:
    """The selective scan (Gu and Dao 2023, algorithm 2), with the input term dt * B * u.

    Args:
        u: input, (batch, K*d, L).
        delta: step sizes before bias and softplus, (batch, K*d, L). A step of exactly 0 after them leaves
            the state untouched.
        A: decay rates, (K*d, N), negative.
        B, C: input and output maps, (batch, K, N, L), each shared by d channels.
        D: skip weights, (K*d).
        delta_bias: (K*d).

    Returns:
        y like u. The state is kept in float32 for half-precision inputs.
    """
    batch, channels, length = u.shape
    groups, states = B.shape[1], B.shape[2]
    wide = torch.float64 if u.dtype == torch.float64 else torch.float32
    dt = delta.to(wide)
    if delta_bias is not None:
        dt = dt + delta_bias.to(wide)[:, None]
    if delta_softplus:
        dt = softplus(dt)
    x = u.to(wide)

    def per_channel(m: Tensor) -> Tensor:
        """(batch, K, N, L) to (batch, L, K, d, N) by sharing over the d channels of a group."""
        return m.to(wide).permute(0, 3, 1, 2)[:, :, :, None, :]

    def by_group(m: Tensor) -> Tensor:
        """(batch, K*d, L) to (batch, L, K, d, 1)."""
        return m.transpose(1, 2).reshape(batch, length, groups, channels // groups, 1)

    a = torch.exp(by_group(dt) * A.to(wide).view(groups, channels // groups, states))
    b = by_group(dt * x) * per_channel(B)
    h = recurrence(a.reshape(batch, length, -1), b.reshape(batch, length, -1)).view(a.shape)
    y = (h * per_channel(C)).sum(-1).reshape(batch, length, channels).transpose(1, 2)
    if D is not None:
        y = y + x * D.to(wide)[:, None]
    return y.to(u.dtype)


def backend(device: str | torch.device) -> str:
    """What computes `directional_scan` there: "numba" on the CPU if it is installed, else "torch"."""
    return "numba" if torch.device(device).type == "cpu" and _compiled() is not None else "torch"


@cache
def _compiled() -> Any:
    try:
        from baselines.ops.cpu import DirectionalScan
    except ImportError:
        return None
    return DirectionalScan


def directional_scan(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, orders: Tensor
) -> Tensor:
    """Scan one sequence along several orders, each with its own parameters, and sum the outputs.

    Args:
        x: (batch, L, width).
        dt: step sizes, (batch, K, L, width), not negative; 0 leaves the state of a direction untouched.
        A, D: (K, width), decay rates (negative) and skip weights; the state has one entry per channel.
        B, C: (batch, K, L).
        orders: (K, L) int64, for each direction the positions in the order in which it visits them.

    Returns:
        y (batch, L, width). With K = 1 and the natural order it equals `selective_scan` with N = 1.
    """
    inputs = (x, dt, A, B, C, D, orders)
    if backend(x.device) == "numba" and all(t.dtype == torch.float32 for t in inputs[:-1]):
        return _compiled().apply(*inputs)
    y = torch.zeros_like(x)
    for k in range(len(orders)):
        order = orders[k]
        back = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        steps = dt[:, k].index_select(1, order)
        u = x.index_select(1, order)
        h = recurrence(torch.exp(steps * A[k]), steps * u * B[:, k].index_select(1, order)[..., None])
        y = y + (h * C[:, k].index_select(1, order)[..., None] + u * D[k]).index_select(1, back)
    return y
