"""A piece of the scan small enough for the first cache: up to CHUNK tokens of LANES neighbouring channels.

Arrays local to a thread, with T = CHUNK and W = LANES:

    x, raw, dt, y   (T, W)  input, step before and after softplus, output
    A, h            (N, W)  decay rates, state
    D               (W)     skip weights

B and C are read where they lie: in these flat arrays, token p has its B of state n at at_b + p * by_token
+ n * by_state, and its C at at_c + the same. `here` lists the tokens of the chunk.
"""

from typing import Any

from baselines.ops.cpu.lanes import (
    LANES,
    compiled,
    each,
    exp,
    load,
    sigmoid,
    softplus,
    store,
    total,
    transpose,
)
from baselines.ops.library import CHUNK


@compiled
def scan_chunk(
    here: Any, x: Any, raw: Any, with_softplus: bool, A: Any, D: Any,
    B: Any, at_b: int, C: Any, at_c: int, by_token: int, by_state: int, h: Any, y: Any, dt: Any,
) -> None:  # fmt: skip
    """Carry h through the chunk and write its y; dt is room to work in."""
    count = len(here)
    skip = load(D, 0)
    for t in range(0, count * LANES, LANES):
        step = load(raw, t)
        store(softplus(step) if with_softplus else step, dt, t)
        store(skip * load(x, t), y, t)
    for n in range(A.shape[0]):
        rate, state = load(A, n * LANES), load(h, n * LANES)
        for t in range(count):
            step, p = load(dt, t * LANES), here[t] * by_token + n * by_state
            state = exp(step * rate) * state + each(B, at_b + p) * (step * load(x, t * LANES))
            store(load(y, t * LANES) + each(C, at_c + p) * state, y, t * LANES)
        store(state, h, n * LANES)


@compiled
def scan_chunk_backward(
    here: Any, x: Any, raw: Any, with_softplus: bool, A: Any, D: Any,
    B: Any, at_b: int, C: Any, at_c: int, by_token: int, by_state: int, h0: Any, gy: Any, adjoint: Any,
    gx: Any, graw: Any, gA: Any, gD: Any, gB: Any, gC: Any, dt: Any, decay: Any, h: Any,
) -> None:  # fmt: skip
    """The gradients of one chunk, whose states are computed again from h0 (N, W), the state before it.

    adjoint (N, W) comes in as the gradient that later tokens have of the state after this chunk, and goes out
    as that of the state before it. gx and graw (T, W), gB and gC (N, T) are written; gA (N, W) and gD (W) are
    added to. dt and decay (T, W) and h (T + 1, W) are room to work in.
    """
    count = len(here)
    skip = load(D, 0)
    nothing = skip - skip
    for t in range(0, count * LANES, LANES):
        step = load(raw, t)
        store(softplus(step) if with_softplus else step, dt, t)
        store(nothing, gx, t)  # the gradient of dt * x until the last loop
        store(nothing, graw, t)  # the gradient of dt until then
    for n in range(A.shape[0]):
        rate, state = load(A, n * LANES), load(h0, n * LANES)
        store(state, h, 0)
        for t in range(count):
            step = load(dt, t * LANES)
            fade = exp(step * rate)
            b = each(B, at_b + here[t] * by_token + n * by_state)
            state = fade * state + b * (step * load(x, t * LANES))
            store(fade, decay, t * LANES)
            store(state, h, t * LANES + LANES)
        later, of_rate = load(adjoint, n * LANES), load(gA, n * LANES)
        for t in range(count - 1, -1, -1):
            at, p = t * LANES, here[t] * by_token + n * by_state
            out, step = load(gy, at), load(dt, at)
            now = later + each(C, at_c + p) * out
            gB[n, t] = total(now * (step * load(x, at)))
            gC[n, t] = total(out * load(h, at + LANES))
            store(load(gx, at) + each(B, at_b + p) * now, gx, at)
            later = now * load(decay, at)
            exponent = later * load(h, at)  # the gradient of dt * A
            store(load(graw, at) + exponent * rate, graw, at)
            of_rate = of_rate + exponent * step
        store(later, adjoint, n * LANES)
        store(of_rate, gA, n * LANES)
    of_skip = load(gD, 0)
    for t in range(0, count * LANES, LANES):
        out, inside, value = load(gy, t), load(gx, t), load(x, t)
        of_step = load(graw, t) + inside * value
        store(of_step * sigmoid(load(raw, t)) if with_softplus else of_step, graw, t)
        store(inside * load(dt, t) + skip * out, gx, t)
        of_skip = of_skip + out * value
    store(of_skip, gD, 0)


@compiled
def low_rank(flat: Any, base: int, by_token: int, visit: Any, weight: Any, bias: Any, raw: Any) -> None:
    """raw[t] = weight^T low + bias; weight (R, W), low the R numbers at base + visit[t] * by_token."""
    offset = load(bias, 0)
    count, t = len(visit), 0
    while t + 4 <= count:  # four tokens at once: a row of the weight is loaded for all of them
        r0, r1, r2, r3 = offset, offset, offset, offset
        p0, p1 = base + visit[t] * by_token, base + visit[t + 1] * by_token
        p2, p3 = base + visit[t + 2] * by_token, base + visit[t + 3] * by_token
        for r in range(weight.shape[0]):
            row = load(weight, r * LANES)
            r0 = r0 + each(flat, p0 + r) * row
            r1 = r1 + each(flat, p1 + r) * row
            r2 = r2 + each(flat, p2 + r) * row
            r3 = r3 + each(flat, p3 + r) * row
        store(r0, raw, t * LANES)
        store(r1, raw, t * LANES + LANES)
        store(r2, raw, t * LANES + 2 * LANES)
        store(r3, raw, t * LANES + 3 * LANES)
        t += 4
    for j in range(t, count):
        r0, p0 = offset, base + visit[j] * by_token
        for r in range(weight.shape[0]):
            row = load(weight, r * LANES)
            r0 = r0 + each(flat, p0 + r) * row
        store(r0, raw, j * LANES)


@compiled
def low_rank_backward(
    flat: Any, base: int, by_token: int, visit: Any, weight: Any, graw: Any,
    gweight: Any, gbias: Any, glow: Any, turned: Any,
) -> None:  # fmt: skip
    """The gradients of `low_rank`: added to gweight (R, W) and gbias (W), written to glow (R, T).

    turned (W, T) is room to work in: with its tokens side by side, a sum over channels is a sum of vectors.
    """
    count, rank = len(visit), weight.shape[0]
    row = load(gbias, 0)
    nothing = row - row
    for t in range(count):
        row = row + load(graw, t * LANES)
    store(row, gbias, 0)
    for t in range(count * LANES, CHUNK * LANES, LANES):
        store(nothing, graw, t)  # of an earlier chunk
    for t in range(0, CHUNK, LANES):
        transpose(graw, t * LANES, LANES, turned, t, CHUNK)
    for r in range(rank):
        row = load(gweight, r * LANES)
        for t in range(count):
            row = row + each(flat, base + visit[t] * by_token + r) * load(graw, t * LANES)
        store(row, gweight, r * LANES)
        for t in range(0, CHUNK, LANES):
            row = nothing
            for w in range(LANES):
                row = row + each(weight, r * LANES + w) * load(turned, w * CHUNK + t)
            store(row, glow, r * CHUNK + t)


@compiled
def gather(
    flat: Any, base: int, by_lane: int, by_token: int, visit: Any, count: int, lanes: int, out: Any
) -> None:
    """Bring the tokens `visit[:count]` of `lanes` channels into out (T, W), whatever their strides.

    Faster where channels are neighbours in memory, or where tokens are, and `visit` increases.
    """
    t = 0
    if by_lane == 1 and lanes == LANES:
        for t in range(count):
            store(load(flat, base + visit[t] * by_token), out, t * LANES)
        return
    if by_token == 1 and lanes == LANES:
        while t + LANES <= count and visit[t + LANES - 1] - visit[t] == LANES - 1:
            transpose(flat, base + visit[t], by_lane, out, t * LANES, LANES)
            t += LANES
    for w in range(lanes):
        start = base + w * by_lane
        for j in range(t, count):
            out[j, w] = flat[start + visit[j] * by_token]


@compiled
def scatter(
    rows: Any, base: int, by_lane: int, by_token: int, visit: Any, count: int, lanes: int, flat: Any
) -> None:
    """Put rows (T, W) at the tokens `visit[:count]`; the other direction of `gather`."""
    t = 0
    if by_lane == 1 and lanes == LANES:
        for t in range(count):
            store(load(rows, t * LANES), flat, base + visit[t] * by_token)
        return
    if by_token == 1 and lanes == LANES:
        while t + LANES <= count and visit[t + LANES - 1] - visit[t] == LANES - 1:
            transpose(rows, t * LANES, LANES, flat, base + visit[t], by_lane)
            t += LANES
    for w in range(lanes):
        start = base + w * by_lane
        for j in range(t, count):
            flat[start + visit[j] * by_token] = rows[j, w]


@compiled
def visits(order: Any, mask: Any, out: Any) -> int:
    """Write the positions of an order that count into `out`, and say how many; an empty mask counts all."""
    count = 0
    for t in range(len(order)):
        if len(mask) == 0 or mask[order[t]]:
            out[count] = order[t]
            count += 1
    return count
