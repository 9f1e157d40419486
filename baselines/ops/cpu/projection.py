"""What every token says of every direction: a matrix product on the threads of the scan.

PyTorch's own product would leave its OpenMP threads spinning for some milliseconds on the cores that the scan
wants next. A job is LANES neighbouring tokens of one batch element.
"""

from typing import Any

import numpy as np
from torch import Tensor

from baselines.ops.cpu.chunk import gather, scatter
from baselines.ops.cpu.jobs import arrays, flat, run
from baselines.ops.cpu.lanes import LANES, compiled, each, lane_rows, load, store
from baselines.ops.library import state_dtype

OUTPUTS = 8
"""Rows whose sums are held in registers at once: enough to hide the latency of an addition."""


@compiled
def _outputs(tokens: Any, rows: Any, first: int, zeros: Any, sums: Any) -> None:
    """OUTPUTS of the rows (J, d), from `first` on, times tokens (d, W), to sums (J, W).

    Beyond the last row it is taken again: sums has room for whole OUTPUTS.
    """
    width, last = rows.shape[1], rows.shape[0] - 1
    p0, p1 = first * width, min(first + 1, last) * width
    p2, p3 = min(first + 2, last) * width, min(first + 3, last) * width
    p4, p5 = min(first + 4, last) * width, min(first + 5, last) * width
    p6, p7 = min(first + 6, last) * width, min(first + 7, last) * width
    nothing = load(zeros, 0)
    s0, s1, s2, s3 = nothing, nothing, nothing, nothing
    s4, s5, s6, s7 = nothing, nothing, nothing, nothing
    for c in range(width):
        value = load(tokens, c * LANES)
        s0 = s0 + each(rows, p0 + c) * value
        s1 = s1 + each(rows, p1 + c) * value
        s2 = s2 + each(rows, p2 + c) * value
        s3 = s3 + each(rows, p3 + c) * value
        s4 = s4 + each(rows, p4 + c) * value
        s5 = s5 + each(rows, p5 + c) * value
        s6 = s6 + each(rows, p6 + c) * value
        s7 = s7 + each(rows, p7 + c) * value
    at = first * LANES
    store(s0, sums, at)
    store(s1, sums, at + LANES)
    store(s2, sums, at + 2 * LANES)
    store(s3, sums, at + 3 * LANES)
    store(s4, sums, at + 4 * LANES)
    store(s5, sums, at + 5 * LANES)
    store(s6, sums, at + 6 * LANES)
    store(s7, sums, at + 7 * LANES)


@compiled
def _project(begin: int, end: int, length: int, x: Any, x_at: Any, rows: Any, out: Any) -> None:
    count, width = rows.shape
    blocks = -(-length // LANES)
    tokens, sums = lane_rows(width, rows), lane_rows(-(-count // OUTPUTS) * OUTPUTS, rows)
    zeros, natural = lane_rows(1, rows), np.arange(max(width, count))
    for job in range(begin, end):
        i, first = job // blocks, job % blocks * LANES
        lanes = min(LANES, length - first)
        # here tokens are the lanes, and channels what is gone through
        gather(x, i * x_at[0] + first * x_at[2], x_at[2], x_at[1], natural, width, lanes, tokens)
        for j in range(0, count, OUTPUTS):
            _outputs(tokens, rows, j, zeros, sums)
        scatter(sums, (i * length + first) * count, count, 1, natural, count, lanes, out)


def project(x: Tensor, rows: Tensor) -> Tensor:
    """`library.project` on the CPU."""
    dtype = state_dtype(x)
    batch, _, length = x.shape
    out = x.new_empty(batch, length, len(rows), dtype=dtype)
    run(
        x.numel(), _project, batch * -(-length // LANES), length, *flat(x.to(dtype)),
        *arrays(rows, dtype=dtype), out.view(-1).numpy(),
    )  # fmt: skip
    return out
