"""The definition of the scans in plain PyTorch: one step after another, on any device, with autograd.

Every other backend is checked against this one. It is slow: a sequence of length L takes L small steps.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from baselines.ops.paths import directions


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    delta_bias: Tensor,
    delta_softplus: bool,
    mask: Tensor | None,
) -> Tensor:
    """`baselines.ops.selective_scan` with nothing left out; y is in the type of the state."""
    state = torch.float64 if u.dtype == torch.float64 else torch.float32
    u, delta, A, B, C, D, bias = (t.to(state) for t in (u, delta, A, B, C, D, delta_bias))
    if mask is not None:
        # whatever stands at a masked token, even NaN, must reach neither a state nor a gradient
        u, delta = (t.masked_fill(~mask[:, None], 0) for t in (u, delta))
        B, C = (t.masked_fill(~mask[:, None, None], 0) for t in (B, C))
    dt = delta + bias[:, None]
    if delta_softplus:
        dt = softplus(dt)  # the identity above 20
    if mask is not None:
        dt = dt.masked_fill(~mask[:, None], 0)
    if not u.shape[-1]:
        return D[:, None] * u
    batch, channels, _ = u.shape
    per_group = channels // B.shape[1]
    h = u.new_zeros(batch, channels, A.shape[1])
    outputs = []
    # taken apart at once: the gradient of one token's slice would be a whole sequence of zeros
    for u_t, dt_t, B_t, C_t in zip(*(m.unbind(-1) for m in (u, dt, B, C)), strict=True):
        b, c = (m.repeat_interleave(per_group, 1) for m in (B_t, C_t))  # (batch, K*d, N)
        step = dt_t[..., None]
        h = torch.exp(step * A) * h + step * b * u_t[..., None]
        outputs.append((h * c).sum(-1) + D * u_t)
    return torch.stack(outputs, -1)


def directional_scan(
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    paths: Tensor,
    both_ways: bool,
    mask: Tensor | None,
) -> Tensor:
    """Unfold along each direction, scan, fold back and sum; shapes as in `baselines.ops.library`."""
    state = torch.float64 if x.dtype == torch.float64 else torch.float32
    rank, states = dt_weight.shape[2], A.shape[2]
    if mask is not None:
        projected = projected.masked_fill(~mask[:, :, None, None], 0)
    y = torch.zeros_like(x, dtype=state)
    for k, order in enumerate(directions(paths, both_ways)):
        low, B, C = projected[:, order, k].to(state).mT.split([rank, states, states], 1)
        with torch.autocast(x.device.type, enabled=False):  # steps are in the type of the state
            delta = dt_weight[k].to(state) @ low
        scanned = selective_scan(
            x[:, :, order],
            delta,
            A[k],
            B[:, None],
            C[:, None],
            D[k],
            dt_bias[k],
            True,
            None if mask is None else mask[:, order],
        )
        y = y + scanned[:, :, torch.argsort(order)]
    # a masked token outputs nothing: it has no input either, so its y is 0 already
    return y
