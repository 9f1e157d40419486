"""The scans in Triton, for CUDA; under TRITON_INTERPRET=1 on the CPU too, for tests.

The sequence is cut into chunks of 64 tokens, all computed at once in three steps: what every chunk makes of
the state 0 (`forward.chunk_states`), the state carried from chunk to chunk (`carry`), and every chunk's
output, recomputed from its true state (`forward.chunk_outputs`). The backward pass does the same with the
gradient of the state, from the end. There are no atomics: two runs agree to the bit.

What is moved, estimated and not measured: a map of 120 x 120 with d = 256, N = 1, K = 4 and float32 has 8
bytes per element of x to move at the least (x and y). Here x is read twice per path (16), y written twice
and read once (12), states, their copy and sums of steps written or read seven times for every 64 tokens and
4 directions (2), and `projected` read twice by each of 8 blocks of channels, which caches serve (1 to 10): 31
bytes or a little more, of which x and y stay in a cache of 50 MB. Computing the steps twice, 2 R + 60
operations each, weighs about as much.
"""

import torch
from torch import Tensor

from baselines.ops.gpu.launch import Scan, backward, forward


def selective_forward(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    delta_bias: Tensor,
    delta_softplus: bool,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """y like u and the states (b, chunks, N, K*d); shapes as in `baselines.ops.library`."""
    scan = _selective(u, delta, A, B, C, D, delta_bias, delta_softplus, mask)
    y = torch.empty_like(u)
    states = u.new_empty(len(u), scan.chunks, A.shape[1], u.shape[1], dtype=scan.type)
    forward(scan, _grouped(y, 1, scan), _grouped(states, 3, scan).permute(0, 3, 1, 2, 4))
    return y, states


def selective_backward(
    dy: Tensor,
    states: Tensor,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    delta_bias: Tensor,
    delta_softplus: bool,
    mask: Tensor | None,
) -> list[Tensor]:
    """The gradients of u, delta, A, B, C, D and delta_bias, in the type of the state."""
    scan = _selective(u, delta, A, B, C, D, delta_bias, delta_softplus, mask)
    du, ddelta = (torch.empty_like(t, dtype=scan.type) for t in (u, delta))
    tokens, channels = backward(
        scan,
        _grouped(dy, 1, scan),
        _grouped(states, 3, scan).permute(0, 3, 1, 2, 4),
        _grouped(du, 1, scan),
        _grouped(ddelta, 1, scan),
    )
    N = A.shape[1]
    dB, dC = tokens.mT.split(N, 2)
    dA, dD, dbias = channels.split([N, 1, 1], 1)
    return [du, ddelta, dA.mT.flatten(0, 1), dB, dC, dD.flatten(), dbias.flatten()]


def directional_forward(
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    paths: Tensor,
    both_ways: bool,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """y like x and the states (b, K, chunks, N, d); shapes as in `baselines.ops.library`."""
    scan = _directional(x, projected, dt_weight, dt_bias, A, D, paths, both_ways, mask)
    y = torch.empty_like(x)
    states = x.new_empty(len(x), len(A), scan.chunks, A.shape[2], x.shape[1], dtype=scan.type)
    forward(scan, y, states)
    return y, states


def directional_backward(
    dy: Tensor,
    states: Tensor,
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    paths: Tensor,
    both_ways: bool,
    mask: Tensor | None,
) -> list[Tensor]:
    """The gradients of x, projected, dt_weight, dt_bias, A and D, in the type of the state."""
    scan = _directional(x, projected, dt_weight, dt_bias, A, D, paths, both_ways, mask)
    dx = torch.empty_like(x, dtype=scan.type)
    tokens, channels = backward(scan, dy, states, dx, None)
    dweight, dA, dD, dbias = channels.split([scan.rank, A.shape[2], 1, 1], 1)
    return [dx, tokens.transpose(1, 2), dweight.mT, dbias[:, 0], dA.mT, dD[:, 0]]


def _grouped(tensor: Tensor, dimension: int, scan: Scan) -> Tensor:
    return tensor.unflatten(dimension, scan.D.shape)


def _selective(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    bias: Tensor,
    softplus: bool,
    mask: Tensor | None,
) -> Scan:
    groups = B.shape[1]
    shape = (groups, u.shape[1] // groups)
    return Scan(
        x=u.unflatten(1, shape),
        steps=delta.unflatten(1, shape),
        B=B,
        C=C,
        weight=None,
        bias=bias.contiguous().view(shape),
        A=A.contiguous().view(*shape, A.shape[1]),
        D=D.contiguous().view(shape),
        paths=None,
        mask=None if mask is None else mask.contiguous(),
        ways=1,
        softplus=softplus,
    )


def _directional(
    x: Tensor,
    projected: Tensor,
    weight: Tensor,
    bias: Tensor,
    A: Tensor,
    D: Tensor,
    paths: Tensor,
    both_ways: bool,
    mask: Tensor | None,
) -> Scan:
    rank, states = weight.shape[2], A.shape[2]
    steps, B, C = projected.permute(0, 2, 3, 1).split([rank, states, states], 2)
    return Scan(
        x=x[:, None].expand(-1, len(A), -1, -1),
        steps=steps,
        B=B,
        C=C,
        weight=weight.contiguous(),
        bias=bias.contiguous(),
        A=A.contiguous(),
        D=D.contiguous(),
        paths=paths.contiguous(),
        mask=None if mask is None else mask.contiguous(),
        ways=2 if both_ways else 1,
        softplus=True,
    )
