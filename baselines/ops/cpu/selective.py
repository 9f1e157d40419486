"""One direction along the last dimension. A job is a tile of neighbouring channels of one batch element."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.ops.cpu.chunk import gather, scan_chunk, scan_chunk_backward, scatter, visits
from baselines.ops.cpu.jobs import arrays, flat, mask_array, run, sets_of
from baselines.ops.cpu.lanes import LANES, compiled, lane_rows, load, store
from baselines.ops.library import CHUNK, state_dtype


@compiled
def _parameters(
    first: int, lanes: int, A: Any, D: Any, bias: Any, rates: Any, skip: Any, offset: Any
) -> None:
    """Bring what belongs to the channels of a tile into rates (N, W), skip and offset (W)."""
    for w in range(lanes):
        skip[w], offset[w] = D[first + w], bias[first + w]
        for n in range(len(rates)):
            rates[n, w] = A[first + w, n]


@compiled
def _chunk_inputs(
    i: int, first: int, lanes: int, here: Any, u: Any, u_at: Any, delta: Any, delta_at: Any,
    offset: Any, x: Any, raw: Any,
) -> None:  # fmt: skip
    """Bring the tokens `here` into x and raw (T, W)."""
    count = len(here)
    gather(u, i * u_at[0] + first * u_at[1], u_at[1], u_at[2], here, count, lanes, x)
    gather(delta, i * delta_at[0] + first * delta_at[1], delta_at[1], delta_at[2], here, count, lanes, raw)
    for t in range(0, count * LANES, LANES):
        store(load(raw, t) + load(offset, 0), raw, t)


@compiled
def _forward(
    begin: int, end: int, u: Any, u_at: Any, delta: Any, delta_at: Any, A: Any, B: Any, C: Any, D: Any,
    bias: Any, with_softplus: bool, mask: Any, y: Any, y_at: Any, states: Any,
) -> None:  # fmt: skip
    groups, number, length = B.shape[1:]
    width = len(D) // groups
    tiles = -(-width // LANES)
    x, raw, dt, out = [lane_rows(CHUNK, D) for _ in range(4)]
    rates, h = [lane_rows(number, D) for _ in range(2)]
    skip, offset = [lane_rows(1, D)[0] for _ in range(2)]
    natural, visit = np.arange(length), np.empty(length, np.int64)
    for job in range(begin, end):
        i, k, tile = job // (groups * tiles), job // tiles % groups, job % tiles
        lanes, first = min(LANES, width - tile * LANES), k * width + tile * LANES
        _parameters(first, lanes, A, D, bias, rates, skip, offset)
        count, maps = visits(natural, mask[min(i, len(mask) - 1)], visit), (i * groups + k) * number * length
        h[:] = 0
        for t in range(0, length, CHUNK):
            for n in range(number):
                states[i, t // CHUNK, n, first : first + lanes] = h[n, :lanes]
            here = visit[t : max(t, min(t + CHUNK, count))]
            _chunk_inputs(i, first, lanes, here, u, u_at, delta, delta_at, offset, x, raw)
            scan_chunk(here, x, raw, with_softplus, rates, skip, B, maps, C, maps, 1, length, h, out, dt)
            scatter(out, i * y_at[0] + first * y_at[1], y_at[1], y_at[2], here, len(here), lanes, y)


@compiled
def _backward(
    begin: int, end: int, sets: int, u: Any, u_at: Any, delta: Any, delta_at: Any, dy: Any, dy_at: Any,
    A: Any, B: Any, C: Any, D: Any, bias: Any, with_softplus: bool, mask: Any, states: Any,
    gu: Any, gu_at: Any, gdelta: Any, gdelta_at: Any, gA: Any, gB: Any, gC: Any, gD: Any, gbias: Any,
) -> None:  # fmt: skip
    """A job is a set of tiles of one group, taken in order: their shares in gB and gC are summed in place."""
    groups, number, length = B.shape[1:]
    width = len(D) // groups
    tiles = -(-width // LANES)
    x, raw, gy, dt, decay, gx, graw = [lane_rows(CHUNK, D) for _ in range(7)]
    h = lane_rows(CHUNK + 1, D)
    rates, h0, adjoint, of_rates = [lane_rows(number, D) for _ in range(4)]
    gb, gc = [np.zeros((number, CHUNK), D.dtype) for _ in range(2)]
    skip, offset, of_skip = [lane_rows(1, D)[0] for _ in range(3)]
    natural, visit = np.arange(length), np.empty(length, np.int64)
    for job in range(begin, end):
        i, k, s = job // (groups * sets), job // sets % groups, job % sets
        count, maps = visits(natural, mask[min(i, len(mask) - 1)], visit), (i * groups + k) * number * length
        for tile in range(tiles * s // sets, tiles * (s + 1) // sets):
            lanes, first = min(LANES, width - tile * LANES), k * width + tile * LANES
            _parameters(first, lanes, A, D, bias, rates, skip, offset)
            # a narrower tile leaves something in the lanes it does not use
            x[:], raw[:], gy[:], h0[:], adjoint[:], of_rates[:], of_skip[:] = 0, 0, 0, 0, 0, 0, 0
            of_bias = lane_rows(1, D)[0]
            for t in range((length - 1) // CHUNK * CHUNK, -1, -CHUNK):
                here = visit[t : max(t, min(t + CHUNK, count))]
                _chunk_inputs(i, first, lanes, here, u, u_at, delta, delta_at, offset, x, raw)
                base = i * dy_at[0] + first * dy_at[1]
                gather(dy, base, dy_at[1], dy_at[2], here, len(here), lanes, gy)
                for n in range(number):
                    h0[n, :lanes] = states[i, t // CHUNK, n, first : first + lanes]
                scan_chunk_backward(
                    here, x, raw, with_softplus, rates, skip, B, maps, C, maps, 1, length, h0, gy, adjoint,
                    gx, graw, of_rates, of_skip, gb, gc, dt, decay, h,
                )  # fmt: skip
                base = i * gu_at[0] + first * gu_at[1]
                scatter(gx, base, gu_at[1], gu_at[2], here, len(here), lanes, gu)
                base = i * gdelta_at[0] + first * gdelta_at[1]
                scatter(graw, base, gdelta_at[1], gdelta_at[2], here, len(here), lanes, gdelta)
                for j in range(len(here)):
                    store(load(of_bias, 0) + load(graw, j * LANES), of_bias, 0)
                    for n in range(number):
                        gB[s, i, k, n, here[j]] += gb[n, j]
                        gC[s, i, k, n, here[j]] += gc[n, j]
            for w in range(lanes):
                gD[i, first + w], gbias[i, first + w] = of_skip[w], of_bias[w]
                for n in range(number):
                    gA[i, first + w, n] = of_rates[n, w]


def selective_forward(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, delta_bias: Tensor,
    delta_softplus: bool, mask: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`library.selective_scan` on the CPU."""
    dtype = state_dtype(u)
    batch, channels, length = u.shape
    groups = B.shape[1]
    y = torch.empty_like(u, dtype=dtype) if mask is None else torch.zeros_like(u, dtype=dtype)
    states = u.new_empty(batch, -(-length // CHUNK), A.shape[1], channels, dtype=dtype)
    run(
        u.numel(), _forward, batch * groups * -(-(channels // groups) // LANES), *flat(u.to(dtype)),
        *flat(delta.to(dtype)), *arrays(A, B, C, D, delta_bias, dtype=dtype), delta_softplus,
        mask_array(mask), *flat(y), states.numpy(),
    )  # fmt: skip
    return y, states


def selective_backward(
    dy: Tensor, states: Tensor, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor,
    delta_bias: Tensor, delta_softplus: bool, mask: Tensor | None,
) -> list[Tensor]:  # fmt: skip
    """`library.selective_scan_backward` on the CPU."""
    dtype = state_dtype(u)
    batch, channels, _ = u.shape
    groups = B.shape[1]
    make = torch.empty_like if mask is None else torch.zeros_like
    gu, gdelta = make(u, dtype=dtype), make(delta, dtype=dtype)
    gA = A.new_empty(batch, *A.shape, dtype=dtype)
    gD, gbias = (u.new_empty(batch, channels, dtype=dtype) for _ in range(2))
    sets = sets_of(-(-(channels // groups) // LANES), groups)
    gB, gC = (B.new_zeros(sets, *B.shape, dtype=dtype) for _ in range(2))
    run(
        u.numel(), _backward, batch * groups * sets, sets, *flat(u.to(dtype)), *flat(delta.to(dtype)),
        *flat(dy.to(dtype)), *arrays(A, B, C, D, delta_bias, dtype=dtype), delta_softplus, mask_array(mask),
        states.numpy(), *flat(gu), *flat(gdelta), *(t.numpy() for t in (gA, gB, gC, gD, gbias)),
    )  # fmt: skip
    return [gu, gdelta, gA.sum(0), gB.sum(0), gC.sum(0), gD.sum(0), gbias.sum(0)]
