"""The scan of the mamba-ssm package, for comparison: unfolded, one call, folded back. CUDA only."""

import torch
from torch import Tensor

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
    """`selective_scan_fn`, which knows no mask: a masked token is given a step of 0 and no input.

    The mask is (b, L), or (b, K, L) where the groups of B have one each.
    """
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    if mask is not None:
        away = ~(mask if mask.dim() == 3 else mask[:, None])  # (b, K or 1, L)
        B, C = (t.masked_fill(away[:, :, None], 0) for t in (B, C))
        away = away.repeat_interleave(u.shape[1] // away.shape[1], 1)
        u = u.masked_fill(away, 0)
        # the softplus of minus infinity is a step of 0, and so is minus the bias
        none = torch.full_like(delta_bias, -torch.inf) if delta_softplus else -delta_bias
        delta = torch.where(away, none[:, None].to(delta.dtype), delta)
    return selective_scan_fn(
        u, delta, A.float(), B, C, D.float(), delta_bias=delta_bias.float(), delta_softplus=delta_softplus
    )


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
    """All directions in one call of the scan; shapes as in `baselines.ops.library`."""
    orders = directions(paths, both_ways)
    count, width, rank = dt_weight.shape
    along = torch.stack([projected[:, order, k] for k, order in enumerate(orders)], 1)
    low, B, C = along.mT.split([rank, A.shape[2], A.shape[2]], 2)  # (b, K, ., L)
    u = torch.stack([x[:, :, order] for order in orders], 1)
    y = selective_scan(
        u.flatten(1, 2),
        (dt_weight.to(low.dtype) @ low).flatten(1, 2),
        A.flatten(0, 1),
        B.contiguous(),
        C.contiguous(),
        D.flatten(),
        dt_bias.flatten(),
        True,
        None if mask is None else torch.stack([mask[:, order] for order in orders], 1),
    ).unflatten(1, (count, width))
    return torch.stack([y[:, k, :, torch.argsort(order)] for k, order in enumerate(orders)]).sum(0)
