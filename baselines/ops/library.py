"""The two scans as PyTorch operators: opaque to `torch.compile` and `torch.export`, differentiable, counted.

    rebench::selective_scan    one direction along the last dimension, steps given
    rebench::directional_scan  several directions over one sequence, steps from a low rank, outputs summed

Each returns its output and the states before every CHUNK-th token, from which its backward pass starts.
What computes them is named by the `backend` argument: "cpu" or "triton" (`baselines.ops.backends` chooses).

    rebench::project           what every token says of the directions, on the CPU on the threads of the scan
"""

from importlib import import_module
from math import prod
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

CHUNK = 64
"""Tokens between two kept states."""

MODULES = {"cpu": "baselines.ops.cpu", "triton": "baselines.ops.gpu"}


def _backend(name: str) -> ModuleType:
    return import_module(MODULES[name])


def state_dtype(x: Tensor) -> torch.dtype:
    """The type in which a scan of x computes and keeps its state."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def narrow(y: Tensor, dtype: torch.dtype) -> Tensor:
    """y in another type. What float16 cannot hold becomes its largest number, not infinity."""
    if dtype == torch.float16 and y.dtype != dtype:
        largest = torch.finfo(dtype).max
        y = torch.where(y.isfinite(), y.clamp(-largest, largest), y)
    return y.to(dtype)


def _chunks(length: int) -> int:
    return -(-length // CHUNK)


@torch.library.custom_op("rebench::selective_scan", mutates_args=())
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
    backend: str,
) -> tuple[Tensor, Tensor]:
    """u, delta (b, K*d, L); A (K*d, N); B, C (b, K, N, L); D, delta_bias (K*d); mask (b, L) bool or None.

    Returns y like u and the states (b, chunks, N, K*d).
    """
    if not u.numel():
        return torch.empty_like(u), _selective_states(u, A)
    y, states = _backend(backend).selective_forward(u, delta, A, B, C, D, delta_bias, delta_softplus, mask)
    return narrow(y, u.dtype), states


def _selective_states(u: Tensor, A: Tensor) -> Tensor:
    batch, channels, length = u.shape
    return u.new_empty(batch, _chunks(length), A.shape[1], channels, dtype=state_dtype(u))


@selective_scan.register_fake
def _(u: Tensor, delta: Tensor, A: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    return torch.empty_like(u), _selective_states(u, A)


@torch.library.custom_op("rebench::selective_scan_backward", mutates_args=())
def selective_scan_backward(
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
    backend: str,
) -> list[Tensor]:
    """The gradients of u, delta, A, B, C, D and delta_bias, each like its input."""
    inputs = (u, delta, A, B, C, D, delta_bias)
    if not u.numel():
        return [torch.zeros_like(t) for t in inputs]
    grads = _backend(backend).selective_backward(dy, states, *inputs, delta_softplus, mask)
    return [_like(g, t) for g, t in zip(grads, inputs, strict=True)]


@selective_scan_backward.register_fake
def _(dy: Tensor, states: Tensor, *inputs: Any) -> list[Tensor]:
    return [torch.empty_like(t) for t in inputs[:7]]


@torch.library.custom_op("rebench::directional_scan", mutates_args=())
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
    backend: str,
) -> tuple[Tensor, Tensor]:
    """One sequence, K directions; K is the number of paths, or twice that if they are scanned both ways.

    Args:
        x: (b, d, L), of any strides.
        projected: (b, L, K, R + 2N), what every token says of its steps (R), B (N) and C (N).
        dt_weight, dt_bias: (K, d, R) and (K, d); dt = softplus(dt_weight @ steps + dt_bias).
        A, D: (K, d, N), finite, and (K, d).
        paths: (P, L) int64, permutations of the positions; direction P + p is path p from its end.
        both_ways: whether there are such directions.
        mask: (b, L) bool, the tokens that count, or None.

    Returns:
        y like x, summed over the directions, and the states (b, K, chunks, N, d).
    """
    if not x.numel():
        return torch.empty_like(x), _directional_states(x, A)
    y, states = _backend(backend).directional_forward(
        x, projected, dt_weight, dt_bias, A, D, paths, both_ways, mask
    )
    return narrow(y, x.dtype), states


def _directional_states(x: Tensor, A: Tensor) -> Tensor:
    batch, width, length = x.shape
    return x.new_empty(batch, len(A), _chunks(length), A.shape[2], width, dtype=state_dtype(x))


@directional_scan.register_fake
def _(x: Tensor, projected: Tensor, w: Tensor, bias: Tensor, A: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x), _directional_states(x, A)


@torch.library.custom_op("rebench::directional_scan_backward", mutates_args=())
def directional_scan_backward(
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
    backend: str,
) -> list[Tensor]:
    """The gradients of x, projected, dt_weight, dt_bias, A and D, each like its input."""
    inputs = (x, projected, dt_weight, dt_bias, A, D)
    if not x.numel():
        return [torch.zeros_like(t) for t in inputs]
    grads = _backend(backend).directional_backward(dy, states, *inputs, paths, both_ways, mask)
    return [_like(g, t) for g, t in zip(grads, inputs, strict=True)]


@directional_scan_backward.register_fake
def _(dy: Tensor, states: Tensor, *inputs: Any) -> list[Tensor]:
    return [torch.empty_like(t) for t in inputs[:6]]


def _like(gradient: Tensor, t: Tensor) -> Tensor:
    """A gradient in the type and the memory layout of its input, as the fake kernels promise."""
    return torch.empty_like(t).copy_(gradient)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.tensors = [isinstance(value, Tensor) for value in inputs]
    ctx.rest = [value for value in inputs if not isinstance(value, Tensor)]
    ctx.save_for_backward(output[1], *(value for value in inputs if isinstance(value, Tensor)))


def _backward_of(operator: Any, count: int) -> Any:
    """The formula of an operator whose first `count` inputs have gradients."""

    def backward(ctx: Any, dy: Tensor | None, _dstates: Tensor | None) -> tuple[Tensor | None, ...]:
        states, *saved = ctx.saved_tensors
        tensors, rest = iter(saved), iter(ctx.rest)
        inputs = [next(tensors) if is_tensor else next(rest) for is_tensor in ctx.tensors]
        grads = operator(torch.zeros_like(inputs[0]) if dy is None else dy, states, *inputs)
        return *grads, *[None] * (len(inputs) - count)

    return backward


selective_scan.register_autograd(_backward_of(selective_scan_backward, 7), setup_context=_save)
directional_scan.register_autograd(_backward_of(directional_scan_backward, 6), setup_context=_save)


@torch.library.custom_op("rebench::project", mutates_args=())
def project(x: Tensor, rows: Tensor) -> Tensor:
    """What every token says: x (b, d, L), of any strides, and rows (J, d) of its type to (b, L, J) of it.

    On the CPU only. It is x.mT @ rows.mT, summed in the type of the state.
    """
    if not (x.numel() and rows.numel()):
        return _projected(x, rows).zero_()
    return _backend("cpu").project(x, rows).to(x.dtype)


@project.register_fake
def _projected(x: Tensor, rows: Tensor) -> Tensor:
    return x.new_empty(x.shape[0], x.shape[2], rows.shape[0])


def _save_inputs(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _project_backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
    x, rows = ctx.saved_tensors
    for_x, for_rows = ctx.needs_input_grad
    return (
        (gradient @ rows).mT if for_x else None,
        (gradient.mT @ x.mT).sum(0) if for_rows else None,
    )


project.register_autograd(_project_backward, setup_context=_save_inputs)


def scan_flops(tokens: int, states: int, rank: int = 0) -> int:
    """Floating-point operations of a scan's forward pass.

    9 N + 2 for every channel of every token, as the field counts them (VMamba's count of Mamba's scan: the
    exponential as one, and the skip connection), and 2 R for the low-rank projection of the steps.

    Args:
        tokens: channels times length times directions times batch.
        states: N.
        rank: R, 0 where the steps are given.
    """
    return tokens * (9 * states + 2 + 2 * rank)


@register_flop_formula(torch.ops.rebench.selective_scan)
def _selective_flops(u: Any, delta: Any, A: Any, *rest: Any, **options: Any) -> int:
    return scan_flops(prod(u), A[1])


@register_flop_formula(torch.ops.rebench.selective_scan_backward)
def _selective_backward_flops(dy: Any, states: Any, *inputs: Any, **options: Any) -> int:
    return 2 * _selective_flops(*inputs)


@register_flop_formula(torch.ops.rebench.directional_scan)
def _directional_flops(x: Any, projected: Any, w: Any, bias: Any, A: Any, *rest: Any, **options: Any) -> int:
    return scan_flops(prod(x) * A[0], A[2], w[2])


@register_flop_formula(torch.ops.rebench.directional_scan_backward)
def _directional_backward_flops(dy: Any, states: Any, *inputs: Any, **options: Any) -> int:
    return 2 * _directional_flops(*inputs)


@register_flop_formula(torch.ops.rebench.project)
def _project_flops(x: Any, rows: Any, **options: Any) -> int:
    return 2 * prod(x) * rows[0]
