"""The selective scan (Gu and Dao 2023, algorithm 2, with the input term dt * B * u) and its forms over maps.

    dt   = softplus(delta + delta_bias)                      the identity above 20
    h[t] = exp(dt[t] A) h[t-1] + dt[t] B[t] u[t],  h[-1] = 0
    y[t] = C[t] h[t] + D u[t]

Gradients reach every input. The state is float32, and float64 if the input is; two runs agree to the bit.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual

from baselines.ops import library, mamba, reference
from baselines.ops.backends import choose
from baselines.ops.paths import Order, map_paths


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    backend: str | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Scan along the last dimension, every channel on its own.

    Args:
        u: input, (batch, K*d, L).
        delta: step sizes before bias and softplus, (batch, K*d, L).
        A: decay rates, (K*d, N), negative.
        B, C: input and output maps, (batch, K, N, L), each shared by d consecutive channels.
        D, delta_bias: skip weights and step biases, (K*d); without them, 0.
        delta_softplus: whether the step is the softplus of delta + delta_bias.
        backend: "reference", "cpu", "triton" or "mamba_ssm"; None for `REBENCH_SCAN`, or the best here.
        mask: (batch, L) bool. A token that is False leaves the state as it is and has output 0.

    Returns:
        y like u. Where the true value is too large for float16, its largest number.

    Raises:
        ValueError: shapes or types that do not fit, or a backend that does not work here.
    """
    _check_selective(u, delta, A, B, C, D, delta_bias, mask)
    state = library.state_dtype(u)
    zeros = torch.zeros(len(A), dtype=state, device=u.device)
    inputs = (u, delta, A, B, C, zeros if D is None else D, zeros if delta_bias is None else delta_bias)
    name = choose(u.device, backend)
    if name == "reference":
        return library.narrow(reference.selective_scan(*inputs, delta_softplus, mask), u.dtype)
    if name == "mamba_ssm":
        return library.narrow(mamba.selective_scan(*inputs, delta_softplus, mask), u.dtype)
    _expect_no_tangents(inputs, name)
    return library.selective_scan(*inputs, delta_softplus, mask, name)[0]


def ss2d_scan(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_projs_weight: Tensor,
    dt_projs_bias: Tensor,
    A_logs: Tensor,
    Ds: Tensor,
    order: Order = "cross",
    backend: str | None = None,
) -> Tensor:
    """The scan of a map in four directions, summed (Liu et al. 2024, VMamba, SS2D).

    Nothing is unfolded: every direction reads the map where it lies. The memory format of x, contiguous or
    channels-last, is kept.

    Args:
        x: (batch, d, H, W).
        x_proj_weight: (4, R + 2N, d), the rows of dt (R), B (N) and C (N) for each direction.
        dt_projs_weight, dt_projs_bias: (4, d, R) and (4, d).
        A_logs, Ds: (4*d, N) and (4*d), direction by direction; A = -exp(A_logs).
        order: "cross" (rows, columns, both reversed) or "bidirectional" (rows twice, both reversed).
        backend: as for `selective_scan`.

    Returns:
        y (batch, d, H, W), in the type of x.

    Raises:
        ValueError: shapes that do not fit, another order, or a backend that does not work here.
    """
    if x.dim() != 4:
        raise ValueError(f"x must be (batch, d, H, W), not {tuple(x.shape)}")
    weights = (x_proj_weight, dt_projs_weight, dt_projs_bias, A_logs, Ds)
    height, width = x.shape[2:]
    if x_proj_weight.shape[:1] != (4,):
        shape = tuple(x_proj_weight.shape)
        raise ValueError(f"a map is scanned in 4 directions, but x_proj_weight has the shape {shape}")
    paths = map_paths(height, width, order, x.device)
    return _directional(x.flatten(2), *weights, paths, True, None, backend).view(x.shape)


def sequence_scan(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_projs_weight: Tensor,
    dt_projs_bias: Tensor,
    A_logs: Tensor,
    Ds: Tensor,
    paths: Tensor | None = None,
    both_ways: bool = True,
    mask: Tensor | None = None,
    backend: str | None = None,
) -> Tensor:
    """The same scan of any sequence along any paths, as SaFiRe's windows and words need it.

    Sequences of different lengths stand in one batch with a mask.

    Args:
        x: (batch, L, d).
        x_proj_weight, dt_projs_weight, dt_projs_bias, A_logs, Ds: as for `ss2d_scan`, for K directions.
        paths: (P, L) int64, each row a permutation of the positions; without, one path from 0 to L - 1.
        both_ways: scan every path from its end too: then K is 2P, and direction P + p is path p reversed.
        mask: (batch, L) bool. A token that is False leaves every state as it is and has output 0.
        backend: as for `selective_scan`.

    Returns:
        y (batch, L, d), in the type of x.

    Raises:
        ValueError: shapes or types that do not fit, paths that are no permutations (`cpu` and `reference`
            look), or a backend that does not work here.
    """
    if x.dim() != 3:
        raise ValueError(f"x must be (batch, L, d), not {tuple(x.shape)}")
    if paths is None:
        paths = torch.arange(x.shape[1], device=x.device)[None]
    if mask is not None:
        _expect_mask(mask, x.shape[:2])
        x = x.masked_fill(~mask[..., None], 0)  # what stands there must not reach a projection
    weights = (x_proj_weight, dt_projs_weight, dt_projs_bias, A_logs, Ds)
    return _directional(x.transpose(1, 2), *weights, paths, both_ways, mask, backend).transpose(1, 2)


def _directional(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_projs_weight: Tensor,
    dt_projs_bias: Tensor,
    A_logs: Tensor,
    Ds: Tensor,
    paths: Tensor,
    both_ways: bool,
    mask: Tensor | None,
    backend: str | None,
) -> Tensor:
    """x (batch, d, L) to y of the same shape and strides."""
    _expect_floats(x, "x")
    for name, tensor, axes in (
        ("x_proj_weight", x_proj_weight, 3),
        ("dt_projs_weight", dt_projs_weight, 3),
        ("A_logs", A_logs, 2),
    ):
        if tensor.dim() != axes:
            raise ValueError(f"{name} must have {axes} axes, not the shape {tuple(tensor.shape)}")
    width, length = x.shape[1:]
    count, rank, states = len(x_proj_weight), dt_projs_weight.shape[-1], A_logs.shape[-1]
    _expect(paths, "paths", (count // 2 if both_ways else count, length))
    if both_ways and count % 2:
        raise ValueError(f"paths are scanned both ways, so x_proj_weight cannot have {count} directions")
    _expect(x_proj_weight, "x_proj_weight", (count, rank + 2 * states, width))
    _expect(dt_projs_weight, "dt_projs_weight", (count, width, rank))
    _expect(dt_projs_bias, "dt_projs_bias", (count, width))
    _expect(A_logs, "A_logs", (count * width, states))
    _expect(Ds, "Ds", (count * width,))
    _expect_real(x_proj_weight, "x_proj_weight")
    _expect_real(dt_projs_weight, "dt_projs_weight")
    _expect_real(dt_projs_bias, "dt_projs_bias")
    _expect_real(A_logs, "A_logs")
    _expect_real(Ds, "Ds")
    if paths.is_floating_point() or paths.is_complex() or paths.dtype == torch.bool:
        raise ValueError(f"paths must be whole numbers, not {paths.dtype}")
    name = choose(x.device, backend)
    if name in library.MODULES:
        tensors = (x, x_proj_weight, dt_projs_weight, dt_projs_bias, A_logs, Ds)
        _expect_no_tangents(tensors, name)
    # every token says at once what it wants of every direction: (batch, L, K, R + 2N)
    projected = _projected(x, x_proj_weight.flatten(0, 1).to(x.dtype), name)
    projected = projected.unflatten(2, (count, rank + 2 * states))
    state = library.state_dtype(x)
    # an infinite rate would make the decay of a step of 0, exp(0 A), not a number
    largest = math.floor(math.log(torch.finfo(state).max))
    A = -torch.exp(A_logs.to(state).clamp(max=largest)).view(count, width, states)
    inputs = (
        x,
        projected,
        dt_projs_weight,
        dt_projs_bias,
        A,
        Ds.view(count, width),
        paths.long(),
        both_ways,
        mask,
    )
    if name in ("reference", "mamba_ssm"):
        if name == "reference" and not torch.compiler.is_compiling():  # a look would break the graph
            _expect_permutations(paths)
        plain = reference if name == "reference" else mamba
        y = library.narrow(plain.directional_scan(*inputs), x.dtype)
        return torch.empty_like(x).copy_(y)  # in the memory layout of x
    return library.directional_scan(*inputs, name)[0]


def _projected(x: Tensor, rows: Tensor, name: str) -> Tensor:
    """x (batch, d, L) and rows (J, d) to (batch, L, J)."""
    if name == "cpu" and not torch.is_autocast_enabled("cpu"):  # which decides the type of a product
        return library.project(x, rows)
    return x.transpose(1, 2) @ rows.t()


def _expect_floats(t: Tensor, name: str) -> None:
    if not t.is_floating_point():
        raise ValueError(f"{name} must be floating point, not {t.dtype}")


def _expect_real(t: Tensor, name: str) -> None:
    if t.is_complex():  # PyTorch would drop the imaginary part
        raise ValueError(f"{name} must be real, not {t.dtype}")


def _expect_permutations(paths: Tensor) -> None:
    natural = torch.arange(paths.shape[1], device=paths.device)
    if not torch.equal(paths.sort(1).values, natural.expand_as(paths)):
        raise ValueError(f"paths must visit every position from 0 to {len(natural) - 1} once")


def _expect_no_tangents(inputs: tuple[Any, ...], backend: str) -> None:
    """Forward-mode derivatives (`torch.func.jvp`) would silently be 0: an operator of ours drops tangents."""
    if any(isinstance(t, Tensor) and unpack_dual(t).tangent is not None for t in inputs):
        raise ValueError(f"{backend} has no forward-mode derivative: give backend='reference'")


def _expect(t: Tensor, name: str, shape: tuple[int, ...] | torch.Size) -> None:
    if tuple(t.shape) != tuple(shape):
        raise ValueError(f"{name} must have the shape {tuple(shape)}, not {tuple(t.shape)}")


def _expect_mask(mask: Tensor, shape: tuple[int, ...] | torch.Size) -> None:
    _expect(mask, "mask", shape)
    if mask.dtype != torch.bool:
        raise ValueError(f"mask must be bool, True where a token counts, not {mask.dtype}")


def _check_selective(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    bias: Tensor | None,
    mask: Tensor | None,
) -> None:
    _expect_floats(u, "u")
    if u.dim() != 3 or A.dim() != 2 or B.dim() != 4:
        raise ValueError("u must be (batch, K*d, L), A (K*d, N), and B and C (batch, K, N, L)")
    batch, channels, length = u.shape
    if not B.shape[1] or channels % B.shape[1]:
        raise ValueError(f"{channels} channels of u cannot be shared out among {B.shape[1]} groups of B")
    _expect(delta, "delta", u.shape)
    _expect(A, "A", (channels, A.shape[1]))
    _expect(B, "B", (batch, B.shape[1], A.shape[1], length))
    _expect(C, "C", B.shape)
    for t, name in ((D, "D"), (bias, "delta_bias")):
        if t is not None:
            _expect(t, name, (channels,))
            _expect_real(t, name)
    for t, name in ((delta, "delta"), (A, "A"), (B, "B"), (C, "C")):
        _expect_real(t, name)
    if mask is not None:
        _expect_mask(mask, (batch, length))
