"""The directional scan on the CPU: compiled by numba, a single pass, threads over the batch, with gradients.

Nothing is unfolded: every direction reads the tokens where they lie, in its own order, and adds its output
there. The backward pass recomputes the states. Sums run in a fixed order, so results do not vary.
"""

from typing import Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from torch import Tensor

# reassociation lets sums over channels use vector registers; NaN and infinity keep their meaning
_FAST = {"reassoc", "contract", "nsz", "arcp"}


@intrinsic
def _float_of_bits(_typing: Any, bits: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), code


@numba.njit(fastmath=_FAST, inline="always")
def _exp(x: Any) -> Any:
    """exp for x <= 0 in float32, to one unit in the last place; written out so that it can be vectorised."""
    x = max(x, np.float32(-87.0))
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    y = np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)
    y = y * r + np.float32(8.3334519073e-3)
    y = y * r + np.float32(4.1665795894e-2)
    y = y * r + np.float32(1.6666665459e-1)
    y = y * r + np.float32(5.0000001201e-1)
    y = y * r * r + r + np.float32(1.0)
    return y * _float_of_bits(np.int32((np.int32(n) + np.int32(127)) << np.int32(23)))


@numba.njit(parallel=True, fastmath=_FAST, cache=True)
def _forward(x: Any, dt: Any, a: Any, b: Any, c: Any, skip: Any, order: Any, y: Any) -> None:
    batch, length, width = x.shape
    for i in numba.prange(batch):
        h = np.empty(width, np.float32)
        for k in range(order.shape[0]):
            h[:] = 0
            for t in range(length):
                p = order[k, t]
                bt, ct = b[i, k, p], c[i, k, p]
                for w in range(width):
                    d = dt[i, k, p, w]
                    h[w] = _exp(d * a[k, w]) * h[w] + d * bt * x[i, p, w]
                    y[i, p, w] += ct * h[w] + skip[k, w] * x[i, p, w]


@numba.njit(parallel=True, fastmath=_FAST, cache=True)
def _backward(
    x: Any, dt: Any, a: Any, b: Any, c: Any, skip: Any, order: Any, gy: Any,
    gx: Any, gdt: Any, ga: Any, gb: Any, gc: Any, gskip: Any,
) -> None:  # fmt: skip
    batch, length, width = x.shape
    for i in numba.prange(batch):
        states = np.empty((length + 1, width), np.float32)
        decay = np.empty((length, width), np.float32)
        g = np.empty(width, np.float32)
        for k in range(order.shape[0]):
            states[0] = 0
            for t in range(length):
                p = order[k, t]
                bt = b[i, k, p]
                for w in range(width):
                    d = dt[i, k, p, w]
                    decay[t, w] = _exp(d * a[k, w])
                    states[t + 1, w] = decay[t, w] * states[t, w] + d * bt * x[i, p, w]
            g[:] = 0
            for t in range(length - 1, -1, -1):
                p = order[k, t]
                bt, ct = b[i, k, p], c[i, k, p]
                sum_b, sum_c = np.float32(0), np.float32(0)
                for w in range(width):
                    d, v, out = dt[i, k, p, w], x[i, p, w], gy[i, p, w]
                    now = g[w] + ct * out
                    through = now * decay[t, w]
                    sum_b += now * d * v
                    sum_c += out * states[t + 1, w]
                    gx[i, p, w] += now * d * bt + skip[k, w] * out
                    gdt[i, k, p, w] = now * bt * v + through * states[t, w] * a[k, w]
                    ga[i, k, w] += through * states[t, w] * d
                    gskip[i, k, w] += out * v
                    g[w] = through
                gb[i, k, p], gc[i, k, p] = sum_b, sum_c


class DirectionalScan(torch.autograd.Function):
    """The scan of `baselines.ops.scan.directional_scan` for float32 tensors on the CPU and one state."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        """Inputs x, dt, A, B, C, D, orders."""
        inputs = tuple(t.contiguous() for t in inputs)
        ctx.save_for_backward(*inputs)
        arrays = [t.detach().numpy() for t in inputs]
        y = torch.zeros_like(inputs[0])
        _forward(*arrays, y.numpy())
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything but the orders."""
        x, dt, _, b, c, skip, _ = ctx.saved_tensors
        arrays = [t.detach().numpy() for t in ctx.saved_tensors]
        gx, gb, gc = torch.zeros_like(x), torch.empty_like(b), torch.empty_like(c)
        gdt = torch.empty_like(dt)
        ga, gskip = (torch.zeros(len(x), *skip.shape) for _ in range(2))
        out = [t.numpy() for t in (gx, gdt, ga, gb, gc, gskip)]
        _backward(*arrays, grads[0].contiguous().numpy(), *out)
        return gx, gdt, ga.sum(0), gb, gc, gskip.sum(0), None
