"""The kernel between the two of a pass: it carries the state, or its gradient, from chunk to chunk."""

import triton
import triton.language as tl

from baselines.ops.gpu.tiles import COLUMNS, ROWS, blocks_of, bounded, pick, recur


@triton.jit
def carry_on(
    values, v_b, v_k, v_c, v_n, sums, A, d, N, K, chunks, TYPE: tl.constexpr
):  # fmt: skip
    """value[c] = exp(A sum[c]) value[c-1] + value[c], in place, for every channel and state.

    The decay of a whole chunk is that of the sum of its steps: no quotient of decays, which could overflow.
    """
    blocks = blocks_of(d)
    program = tl.program_id(0)
    rest = program // blocks
    n, k, batch = (rest % N).to(tl.int64), (rest // N % K).to(tl.int64), (rest // N // K).to(tl.int64)
    column = (program % blocks * COLUMNS + tl.arange(0, COLUMNS)).to(tl.int64)
    there = column < d
    a = tl.load(A + (k * d + column) * N + n, mask=there, other=0).to(TYPE)
    before = tl.full([COLUMNS], 0, TYPE)
    start = 0
    while start < chunks:  # the interpreter knows no range up to an argument
        chunk = start + tl.arange(0, ROWS)
        where = (chunk < chunks)[:, None] & there[None, :]
        at = values + batch * v_b + k * v_k + n * v_n + chunk[:, None] * v_c + column[None, :]
        sum_of = sums + ((batch * K + k) * chunks + chunk[:, None]) * d + column[None, :]
        steps = tl.load(sum_of, mask=where, other=0)
        value = tl.load(at, mask=where, other=0)
        decay = bounded(tl.exp(steps * a[None, :]))
        value = tl.where((chunk == start)[:, None], decay * before[None, :] + value, value)
        value = recur(decay, value, False)
        tl.store(at, value, mask=where)
        before = pick(value, ROWS - 1)
        start += ROWS
