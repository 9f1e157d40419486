"""The kernels of the forward pass: what a chunk makes of the state 0, and its output once the state is known.

Where a path is scanned both ways, one program takes a chunk of it in both directions and reads x once. The
chunks of the way back then lie on the forward chunks, the short one first; the states that are kept for the
backward pass lie before every CHUNK-th token of each direction's own order, and are picked on the way.
"""

import triton
import triton.language as tl

from baselines.ops.gpu.tiles import COLUMNS, ROWS, load_steps, load_tile, locate, pick, recur, total_of, visit


@triton.jit
def chunk_states(
    x, x_b, x_k, x_d, x_l, steps, s_b, s_k, s_c, s_l, weight, bias, A, B, p_b, p_k, p_n, p_l, mask, paths,
    starts, st_b, st_k, st_c, st_n, sums, L, d, P, chunks,
    N: tl.constexpr, R: tl.constexpr, SOFTPLUS: tl.constexpr, WAYS: tl.constexpr,
    TYPE: tl.constexpr,
):  # fmt: skip
    """The state after every chunk if it was 0 before, and the sum of the chunk's steps.

    Both go to the place of the next chunk, in the order of the direction, where the carry will be; 0 goes to
    the place of the first.
    """
    batch, p, chunk, column, there = locate(tl.program_id(0), d, chunks, P)
    token, _inside, counts = visit(paths, p, mask, batch, chunk * ROWS + tl.arange(0, ROWS), L)
    u = load_tile(x + batch * x_b + p * x_k, token, x_l, column, x_d, counts[:, None] & there[None, :], TYPE)
    for way in tl.static_range(WAYS):
        k = p + way * P
        dt, _slope = load_steps(
            steps + batch * s_b + k * s_k, s_c, s_l, weight, bias, k, token, counts, column, there, d, R,
            SOFTPLUS, TYPE,
        )  # fmt: skip
        place = (chunk + 1) % chunks if way == 0 else (chunks - chunk) % chunks
        sum_of = sums + ((batch * P * WAYS + k) * chunks + place) * d + column
        tl.store(sum_of, tl.where(place == 0, 0, total_of(dt, 0)), mask=there)
        for n in range(N):
            a = tl.load(A + (k * d + column) * N + n, mask=there, other=0).to(TYPE)
            b = tl.load(B + batch * p_b + k * p_k + n * p_n + token * p_l, mask=counts, other=0).to(TYPE)
            h = recur(tl.exp(dt * a[None, :]), dt * b[:, None] * u, way == 1)
            last = tl.where(place == 0, 0, pick(h, ROWS - 1 if way == 0 else 0))
            tl.store(starts + batch * st_b + k * st_k + place * st_c + n * st_n + column, last, mask=there)


@triton.jit(do_not_specialize=["first"])
def chunk_outputs(
    x, x_b, x_k, x_d, x_l, steps, s_b, s_k, s_c, s_l, weight, bias, A, B, C, p_b, p_k, p_n, p_l, D,
    mask, paths, starts, states, st_b, st_k, st_c, st_n, total, y, y_b, y_k, y_d, y_l,
    L, d, P, chunks, first, count,
    N: tl.constexpr, R: tl.constexpr, SOFTPLUS: tl.constexpr, WAYS: tl.constexpr,
    TYPE: tl.constexpr,
):  # fmt: skip
    """y = C h + D x of every chunk of `count` paths from the `first`, added to `total` if there is one.

    Where a path is scanned both ways, `states` receives what the backward pass starts from; otherwise that
    is `starts` already.
    """
    batch, p, chunk, column, there = locate(tl.program_id(0), d, chunks, count)
    p += first
    row = tl.arange(0, ROWS)
    token, inside, counts = visit(paths, p, mask, batch, chunk * ROWS + row, L)
    where = counts[:, None] & there[None, :]
    u = load_tile(x + batch * x_b + p * x_k, token, x_l, column, x_d, where, TYPE)
    result = tl.full([ROWS, COLUMNS], 0, TYPE)
    # on the way back, the tokens that have been visited once this one has
    visited = L - chunk * ROWS - row
    kept = (visited > 0) & (visited % ROWS == 0) & (visited // ROWS < chunks)
    for way in tl.static_range(WAYS):
        k = p + way * P
        dt, _slope = load_steps(
            steps + batch * s_b + k * s_k, s_c, s_l, weight, bias, k, token, counts, column, there, d, R,
            SOFTPLUS, TYPE,
        )  # fmt: skip
        place = chunk if way == 0 else chunks - 1 - chunk
        earliest = (row == (0 if way == 0 else ROWS - 1))[:, None]
        for n in range(N):
            a = tl.load(A + (k * d + column) * N + n, mask=there, other=0).to(TYPE)
            b = tl.load(B + batch * p_b + k * p_k + n * p_n + token * p_l, mask=counts, other=0).to(TYPE)
            c = tl.load(C + batch * p_b + k * p_k + n * p_n + token * p_l, mask=counts, other=0).to(TYPE)
            of_direction = batch * st_b + k * st_k + n * st_n + column
            start = tl.load(starts + of_direction + place * st_c, mask=there, other=0)
            decay = tl.exp(dt * a[None, :])
            entering = dt * b[:, None] * u
            # the state before the chunk enters with the first token
            entering = tl.where(earliest, decay * start[None, :] + entering, entering)
            h = recur(decay, entering, way == 1)
            result += c[:, None] * h
            if way == 1:
                at = (visited // ROWS)[:, None] * st_c
                tl.store(states + of_direction[None, :] + at, h, mask=kept[:, None] & there[None, :])
            elif WAYS == 2:
                tl.store(states + of_direction + place * st_c, start, mask=there)
        result += tl.load(D + k * d + column, mask=there, other=0).to(TYPE)[None, :] * u
    result = tl.where(where, result, 0)  # a token that does not count has the output 0
    target = batch * y_b + p * y_k + token[:, None] * y_l + column[None, :] * y_d
    written = inside[:, None] & there[None, :]
    if total is not None:
        result += tl.load(total + target, mask=written, other=0)
    tl.store(y + target, _narrow(result, y.dtype.element_ty), mask=written)


@triton.jit
def _narrow(y, dtype: tl.constexpr):
    """As `baselines.ops.library.narrow`: what float16 cannot hold becomes its largest number."""
    if dtype == tl.float16:
        beyond = (tl.abs(y) > 65504) & (tl.abs(y) < float("inf"))
        y = tl.where(beyond, tl.where(y > 0, 65504, -65504), y)
    return y.to(dtype)
