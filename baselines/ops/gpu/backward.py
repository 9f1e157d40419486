"""The kernels of the backward pass: what a chunk makes of the gradient 0, and all gradients once it is known.

The gradient of the state runs through the chunks from the last to the first, and is carried as the state is,
the places of the chunks reversed. Here every program takes one direction, in its own order: the registers
that a second one needs are taken. What is summed over programs is written apart and summed afterwards, so
that the order of the sum does not depend on theirs.
"""

import triton
import triton.language as tl

from baselines.ops.gpu.tiles import (
    COLUMNS,
    ROWS,
    blocks_of,
    load_steps,
    load_tile,
    locate,
    pick,
    recur,
    shift,
    total_of,
    visit,
)


@triton.jit
def chunk_gradients(
    dy, dy_b, dy_k, dy_d, dy_l, steps, s_b, s_k, s_c, s_l, weight, bias, A, C, p_b, p_k, p_n, p_l,
    mask, paths, ends, e_b, e_k, e_c, e_n, sums, L, d, P, K, chunks,
    N: tl.constexpr, R: tl.constexpr, SOFTPLUS: tl.constexpr, TYPE: tl.constexpr,
):  # fmt: skip
    """The gradient of the state before every chunk if that of the state after it is 0, and its sum of steps.

    Both go to the place where the chunk before will look for them.
    """
    batch, k, chunk, column, there = locate(tl.program_id(0), d, chunks, K)
    row = chunk * ROWS + tl.arange(0, ROWS)
    token, _inside, counts = visit(paths, k % P, mask, batch, tl.where(k < P, row, L - 1 - row), L)
    where = counts[:, None] & there[None, :]
    gradient = load_tile(dy + batch * dy_b + k * dy_k, token, dy_l, column, dy_d, where, TYPE)
    dt, _slope = load_steps(
        steps + batch * s_b + k * s_k, s_c, s_l, weight, bias, k, token, counts, column, there, d, R,
        SOFTPLUS, TYPE,
    )  # fmt: skip
    place = (chunks - chunk) % chunks
    sum_of = sums + ((batch * K + k) * chunks + place) * d + column
    tl.store(sum_of, tl.where(place == 0, 0, total_of(dt, 0)), mask=there)
    for n in range(N):
        a = tl.load(A + (k * d + column) * N + n, mask=there, other=0).to(TYPE)
        c = tl.load(C + batch * p_b + k * p_k + n * p_n + token * p_l, mask=counts, other=0).to(TYPE)
        decay = tl.exp(dt * a[None, :])
        g = recur(decay, decay * (c[:, None] * gradient), True)
        value = tl.where(place == 0, 0, pick(g, 0))
        tl.store(ends + batch * e_b + k * e_k + place * e_c + n * e_n + column, value, mask=there)


@triton.jit(do_not_specialize=["first"])
def token_gradients(
    dy, dy_b, dy_k, dy_d, dy_l, x, x_b, x_k, x_d, x_l, steps, s_b, s_k, s_c, s_l, weight, bias,
    A, B, C, p_b, p_k, p_n, p_l, D, mask, paths, states, st_b, st_k, st_c, st_n, ends, e_b, e_k, e_c, e_n,
    dx, dx_b, dx_k, dx_d, dx_l, dsteps, ds_b, ds_k, ds_c, ds_l, of_tokens, of_channels,
    L, d, P, chunks, batches, first, count,
    N: tl.constexpr, R: tl.constexpr, ADD: tl.constexpr, SOFTPLUS: tl.constexpr,
    TYPE: tl.constexpr,
):  # fmt: skip
    """All gradients of `count` directions from the `first`; dx is added to what is there if ADD.

    of_tokens (blocks of channels, batch, count, L, R + 2N): the gradients of a token's numbers, R for its
    steps (none without a weight: then dsteps is written), B and C, each summed over a block of channels.
    of_channels (batch, chunks, count, R + N + 2, d): those of weight, A, D and bias, summed over a chunk.
    """
    batch, g, chunk, column, there = locate(tl.program_id(0), d, chunks, count)
    k = first + g
    row = tl.arange(0, ROWS)
    position = chunk * ROWS + row
    token, inside, counts = visit(paths, k % P, mask, batch, tl.where(k < P, position, L - 1 - position), L)
    where = counts[:, None] & there[None, :]
    written = inside[:, None] & there[None, :]
    u = load_tile(x + batch * x_b + k * x_k, token, x_l, column, x_d, where, TYPE)
    gradient = load_tile(dy + batch * dy_b + k * dy_k, token, dy_l, column, dy_d, where, TYPE)
    of_steps = steps + batch * s_b + k * s_k
    dt, slope = load_steps(
        of_steps, s_c, s_l, weight, bias, k, token, counts, column, there, d, R,
        SOFTPLUS, TYPE,
    )  # fmt: skip
    next_dt = shift(dt, -1, 0)
    block = tl.program_id(0) % blocks_of(d)
    of_token = of_tokens + (((block * batches + batch) * count + g) * L + token) * (R + 2 * N)
    of_channel = of_channels + ((batch * chunks + chunk) * count + g) * (R + N + 2) * d + column

    du = tl.full([ROWS, COLUMNS], 0, TYPE)  # of dt * x
    ddt = tl.full([ROWS, COLUMNS], 0, TYPE)  # by way of the decay
    for n in range(N):
        a = tl.load(A + (k * d + column) * N + n, mask=there, other=0).to(TYPE)[None, :]
        of_n = batch * p_b + k * p_k + n * p_n + token * p_l
        b = tl.load(B + of_n, mask=counts, other=0).to(TYPE)[:, None]
        c = tl.load(C + of_n, mask=counts, other=0).to(TYPE)[:, None]
        start_of = states + batch * st_b + k * st_k + chunk * st_c + n * st_n + column
        start = tl.load(start_of, mask=there, other=0)
        end_of = ends + batch * e_b + k * e_k + (chunks - 1 - chunk) * e_c + n * e_n + column
        end = tl.load(end_of, mask=there, other=0)[None, :]
        decay = tl.exp(dt * a)
        entering = dt * b * u
        entering = tl.where((row == 0)[:, None], decay * start[None, :] + entering, entering)
        h = recur(decay, entering, False)
        before = shift(h, 1, start[None, :])
        # g[t] = C[t] dy[t] + decay[t+1] g[t+1]
        leaving = c * gradient
        leaving = tl.where((row == ROWS - 1)[:, None], leaving + end, leaving)
        g_h = recur(tl.exp(next_dt * a), leaving, True)
        by_decay = g_h * decay * before
        ddt += by_decay * a
        du += g_h * b
        tl.store(of_token + R + n, tl.where(counts, total_of(g_h * dt * u, 1), 0), mask=inside)
        tl.store(of_token + R + N + n, tl.where(counts, total_of(gradient * h, 1), 0), mask=inside)
        tl.store(of_channel + (R + n) * d, total_of(by_decay * dt, 0), mask=there)

    skip = tl.load(D + k * d + column, mask=there, other=0).to(TYPE)[None, :]
    at = dx + batch * dx_b + k * dx_k + token[:, None] * dx_l + column[None, :] * dx_d
    g_x = tl.where(where, du * dt + skip * gradient, 0)
    if ADD:
        g_x += tl.load(at, mask=written, other=0)
    tl.store(at, g_x, mask=written)
    tl.store(of_channel + (R + N) * d, total_of(gradient * u, 0), mask=there)

    g_v = tl.where(where, (du * u + ddt) * slope, 0)  # of what goes into the softplus
    tl.store(of_channel + (R + N + 1) * d, total_of(g_v, 0), mask=there)
    if weight is None:
        of_step = dsteps + batch * ds_b + k * ds_k + token[:, None] * ds_l + column[None, :] * ds_c
        tl.store(of_step, g_v, mask=written)
    else:
        for r in range(R):
            low = tl.load(of_steps + token * s_l + r * s_c, mask=counts, other=0).to(TYPE)
            w = tl.load(weight + (k * d + column) * R + r, mask=there, other=0).to(TYPE)
            tl.store(of_token + r, total_of(g_v * w[None, :], 1), mask=inside)
            tl.store(of_channel + r * d, total_of(g_v * low[:, None], 0), mask=there)
