"""Several directions over one sequence. A job is a tile of neighbouring channels of one batch element.

A job brings its tile of x into rows of LANES, lets every direction read and add up there, and writes the sum
back: nothing is unfolded, and the outputs of the directions meet in the cache.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.ops.cpu.chunk import (
    gather,
    low_rank,
    low_rank_backward,
    scan_chunk,
    scan_chunk_backward,
    scatter,
    visits,
)
from baselines.ops.cpu.jobs import arrays, flat, mask_array, run, sets_of
from baselines.ops.cpu.lanes import LANES, compiled, lane_rows, load, store
from baselines.ops.library import CHUNK, state_dtype


@compiled
def _parameters(
    k: int, first: int, lanes: int, weight: Any, bias: Any, A: Any, D: Any,
    rows: Any, offset: Any, rates: Any, skip: Any,
) -> None:  # fmt: skip
    """Bring what direction k has for the channels of a tile into rows (R, W), rates (N, W), and (W) each."""
    for w in range(lanes):
        offset[w], skip[w] = bias[k, first + w], D[k, first + w]
        for r in range(len(rows)):
            rows[r, w] = weight[k, first + w, r]
        for n in range(len(rates)):
            rates[n, w] = A[k, first + w, n]


@compiled
def _rows(tile: Any, here: Any, rows: Any) -> None:
    """Bring the tokens `here` of a tile (L, W) into rows (T, W)."""
    for t in range(len(here)):
        store(load(tile, here[t] * LANES), rows, t * LANES)


@compiled
def _add_rows(rows: Any, here: Any, sums: Any) -> None:
    """Add rows (T, W) to the tokens `here` of sums (L, W)."""
    for t in range(len(here)):
        p = here[t] * LANES
        store(load(sums, p) + load(rows, t * LANES), sums, p)


@compiled
def _add_projected(glow: Any, gb: Any, gc: Any, here: Any, gprojected: Any) -> None:
    """Add glow (R, T), gb and gc (N, T) to the tokens `here` of gprojected (L, R + 2N)."""
    rank, number = len(glow), len(gb)
    for t in range(len(here)):
        row = gprojected[here[t]]
        for r in range(rank):
            row[r] += glow[r, t]
        for n in range(number):
            row[rank + n] += gb[n, t]
            row[rank + number + n] += gc[n, t]


@compiled
def _forward(
    begin: int, end: int, x: Any, x_at: Any, projected: Any, weight: Any, bias: Any, A: Any, D: Any,
    orders: Any, mask: Any, y: Any, y_at: Any, states: Any,
) -> None:  # fmt: skip
    count_of, width, number = A.shape
    length, rank = orders.shape[1], weight.shape[2]
    wide = rank + 2 * number
    tiles = -(-width // LANES)
    tile, sums = [lane_rows(length, D) for _ in range(2)]
    chunk, raw, dt, out = [lane_rows(CHUNK, D) for _ in range(4)]
    rates, h = [lane_rows(number, D) for _ in range(2)]
    rows = lane_rows(rank, D)
    skip, offset = [lane_rows(1, D)[0] for _ in range(2)]
    natural, visit = np.arange(length), np.empty(length, np.int64)
    for job in range(begin, end):
        i, first = job // tiles, job % tiles * LANES
        lanes = min(LANES, width - first)
        gather(x, i * x_at[0] + first * x_at[1], x_at[1], x_at[2], natural, length, lanes, tile)
        sums[:] = 0
        for k in range(count_of):
            _parameters(k, first, lanes, weight, bias, A, D, rows, offset, rates, skip)
            count = visits(orders[k], mask[min(i, len(mask) - 1)], visit)
            at, apart = (i * length * count_of + k) * wide, count_of * wide  # of its row of a token
            h[:] = 0
            for t in range(0, length, CHUNK):
                for n in range(number):
                    states[i, k, t // CHUNK, n, first : first + lanes] = h[n, :lanes]
                here = visit[t : max(t, min(t + CHUNK, count))]
                _rows(tile, here, chunk)
                low_rank(projected, at, apart, here, rows, offset, raw)
                scan_chunk(
                    here, chunk, raw, True, rates, skip, projected, at + rank, projected, at + rank + number,
                    apart, 1, h, out, dt,
                )  # fmt: skip
                _add_rows(out, here, sums)
        scatter(sums, i * y_at[0] + first * y_at[1], y_at[1], y_at[2], natural, length, lanes, y)


@compiled
def _backward(
    begin: int, end: int, sets: int, x: Any, x_at: Any, dy: Any, dy_at: Any, projected: Any, weight: Any,
    bias: Any, A: Any, D: Any, orders: Any, mask: Any, states: Any,
    gx: Any, gx_at: Any, gprojected: Any, gweight: Any, gbias: Any, gA: Any, gD: Any,
) -> None:  # fmt: skip
    """A job is a set of tiles, taken in order: their shares in gprojected (sets, b, L, K, R + 2N) are summed
    in place.
    """
    count_of, width, number = A.shape
    length, rank = orders.shape[1], weight.shape[2]
    wide = rank + 2 * number
    tiles = -(-width // LANES)
    tile, gtile, sums = [lane_rows(length, D) for _ in range(3)]
    chunk, gy, raw, dt, decay, gchunk, graw = [lane_rows(CHUNK, D) for _ in range(7)]
    h = lane_rows(CHUNK + 1, D)
    rates, h0, adjoint, of_rates = [lane_rows(number, D) for _ in range(4)]
    gb, gc = [np.zeros((number, CHUNK), D.dtype) for _ in range(2)]
    rows = lane_rows(rank, D)
    of_rows, glow = lane_rows(rank, D), np.zeros((rank, CHUNK), D.dtype)
    turned = lane_rows(CHUNK, D).reshape(LANES, CHUNK)
    skip, offset, of_skip, of_offset = [lane_rows(1, D)[0] for _ in range(4)]
    natural, visit = np.arange(length), np.empty(length, np.int64)
    for job in range(begin, end):
        i, s = job // sets, job % sets
        for index in range(tiles * s // sets, tiles * (s + 1) // sets):
            first = index * LANES
            lanes = min(LANES, width - first)
            # a narrower tile leaves something in the lanes it does not use
            tile[:], gtile[:], sums[:], h0[:], rates[:], rows[:] = 0, 0, 0, 0, 0, 0
            gather(x, i * x_at[0] + first * x_at[1], x_at[1], x_at[2], natural, length, lanes, tile)
            gather(dy, i * dy_at[0] + first * dy_at[1], dy_at[1], dy_at[2], natural, length, lanes, gtile)
            for k in range(count_of):
                _parameters(k, first, lanes, weight, bias, A, D, rows, offset, rates, skip)
                count = visits(orders[k], mask[min(i, len(mask) - 1)], visit)
                at, apart = (i * length * count_of + k) * wide, count_of * wide  # of its row of a token
                adjoint[:], of_rates[:], of_skip[:], of_rows[:], of_offset[:] = 0, 0, 0, 0, 0
                for t in range((length - 1) // CHUNK * CHUNK, -1, -CHUNK):
                    here = visit[t : max(t, min(t + CHUNK, count))]
                    _rows(tile, here, chunk)
                    _rows(gtile, here, gy)
                    low_rank(projected, at, apart, here, rows, offset, raw)
                    for n in range(number):
                        h0[n, :lanes] = states[i, k, t // CHUNK, n, first : first + lanes]
                    scan_chunk_backward(
                        here, chunk, raw, True, rates, skip, projected, at + rank, projected,
                        at + rank + number, apart, 1, h0, gy, adjoint, gchunk, graw, of_rates, of_skip,
                        gb, gc, dt, decay, h,
                    )  # fmt: skip
                    low_rank_backward(
                        projected, at, apart, here, rows, graw, of_rows, of_offset, glow, turned
                    )
                    _add_rows(gchunk, here, sums)
                    _add_projected(glow, gb, gc, here, gprojected[s, i, :, k])
                for w in range(lanes):
                    gD[i, k, first + w], gbias[i, k, first + w] = of_skip[w], of_offset[w]
                    for r in range(rank):
                        gweight[i, k, first + w, r] = of_rows[r, w]
                    for n in range(number):
                        gA[i, k, first + w, n] = of_rates[n, w]
            scatter(sums, i * gx_at[0] + first * gx_at[1], gx_at[1], gx_at[2], natural, length, lanes, gx)


@compiled
def _are_permutations(orders: Any) -> bool:
    length = orders.shape[1]
    for order in orders:
        seen = np.zeros(length, np.bool_)
        for p in order:
            if not 0 <= p < length or seen[p]:
                return False
            seen[p] = True
    return True


def _checked(paths: Tensor, both_ways: bool) -> Any:
    """The directions as an array; an index from elsewhere would be read outside the memory of x."""
    orders = paths.contiguous().numpy()
    if not _are_permutations(orders):
        raise ValueError(f"paths must visit every position from 0 to {paths.shape[1] - 1} once")
    # `paths.directions` in NumPy: PyTorch would wake its own threads for a long path
    return np.concatenate([orders, orders[:, ::-1]]) if both_ways else orders


def directional_forward(
    x: Tensor, projected: Tensor, dt_weight: Tensor, dt_bias: Tensor, A: Tensor, D: Tensor,
    paths: Tensor, both_ways: bool, mask: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`library.directional_scan` on the CPU."""
    dtype = state_dtype(x)
    batch, width, length = x.shape
    y = torch.empty_like(x, dtype=dtype)
    states = x.new_empty(batch, len(A), -(-length // CHUNK), A.shape[2], width, dtype=dtype)
    run(
        x.numel() * len(A), _forward, batch * -(-width // LANES), *flat(x.to(dtype)),
        *arrays(projected, dt_weight, dt_bias, A, D, dtype=dtype), _checked(paths, both_ways),
        mask_array(mask), *flat(y), states.numpy(),
    )  # fmt: skip
    return y, states


def directional_backward(
    dy: Tensor, states: Tensor, x: Tensor, projected: Tensor, dt_weight: Tensor, dt_bias: Tensor, A: Tensor,
    D: Tensor, paths: Tensor, both_ways: bool, mask: Tensor | None,
) -> list[Tensor]:  # fmt: skip
    """`library.directional_scan_backward` on the CPU."""
    dtype = state_dtype(x)
    batch, width, _ = x.shape
    sets = sets_of(-(-width // LANES), 1)
    gx = torch.empty_like(x, dtype=dtype)
    gprojected = projected.new_zeros(sets, *projected.shape, dtype=dtype)
    grads = [t.new_empty(batch, *t.shape, dtype=dtype) for t in (dt_weight, dt_bias, A, D)]
    run(
        x.numel() * len(A), _backward, batch * sets, sets, *flat(x.to(dtype)), *flat(dy.to(dtype)),
        *arrays(projected, dt_weight, dt_bias, A, D, dtype=dtype), _checked(paths, both_ways),
        mask_array(mask), states.numpy(), *flat(gx), *(t.numpy() for t in (gprojected, *grads)),
    )  # fmt: skip
    return [gx, gprojected.sum(0), *(t.sum(0) for t in grads)]
