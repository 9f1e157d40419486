"""The passes over a scan: which kernels run, one after another, and the memory between them."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from baselines.ops.gpu.backward import chunk_gradients, token_gradients
from baselines.ops.gpu.carry import carry_on
from baselines.ops.gpu.forward import chunk_outputs, chunk_states
from baselines.ops.gpu.tiles import COLUMNS, tl
from baselines.ops.library import CHUNK, state_dtype


@dataclass(frozen=True)
class Scan:
    """K directions in the one form that the kernels know: P paths, each scanned one way or both ways.

    x (b, K, d, L), steps (b, K, R, L) or without a weight (b, K, d, L), B and C (b, K, N, L) are views of any
    strides, also 0 where directions share; weight (K, d, R), bias and D (K, d), A (K, d, N), mask (b, L) and
    paths (P, L) are contiguous. Without paths every direction goes from 0 to L - 1.
    """

    x: Tensor
    steps: Tensor
    B: Tensor
    C: Tensor
    weight: Tensor | None
    bias: Tensor
    A: Tensor
    D: Tensor
    paths: Tensor | None
    mask: Tensor | None
    ways: int
    softplus: bool

    @property
    def type(self) -> torch.dtype:
        """The type of the state."""
        return state_dtype(self.x)

    @property
    def chunks(self) -> int:
        """The number of chunks, the last of which may be short."""
        return -(-self.x.shape[3] // CHUNK)

    @property
    def blocks(self) -> int:
        """The number of blocks of channels."""
        return -(-self.x.shape[2] // COLUMNS.value)

    @property
    def rank(self) -> int:
        """R, or 0 where the steps are given."""
        return 0 if self.weight is None else self.weight.shape[2]

    def arguments(self) -> dict[str, Any]:
        """What most kernels are told."""
        batch, K, d, L = self.x.shape
        B, C = self.B, self.C
        if B.stride() != C.stride():
            B, C = B.contiguous(), C.contiguous()
        return {
            **strided("x", "x", "bkdl", self.x),
            **strided("steps", "s", "bkcl", self.steps),
            **strided("B", "p", "bknl", B),
            "C": C,
            "weight": self.weight,
            "bias": self.bias,
            "A": self.A,
            "D": self.D,
            "paths": self.paths,
            "mask": None if self.mask is None else self.mask.view(torch.uint8),
            "L": L,
            "d": d,
            "N": B.shape[2],
            "R": self.rank,
            "P": K // self.ways,
            "K": K,
            "chunks": self.chunks,
            "batches": batch,
            "WAYS": self.ways,
            "SOFTPLUS": self.softplus,
            "TYPE": tl.float64 if self.type == torch.float64 else tl.float32,
        }


def strided(name: str, prefix: str, dimensions: str, tensor: Tensor) -> dict[str, Any]:
    """A tensor and its strides as arguments: x, x_b, x_k, x_d, x_l."""
    return {name: tensor} | {f"{prefix}_{at}": by for at, by in zip(dimensions, tensor.stride(), strict=True)}


def launch(kernel: Any, programs: int, arguments: dict[str, Any]) -> None:
    """Run a kernel with those of the arguments that it names."""
    own = {name: arguments[name] for name in kernel.arg_names}
    kernel[(programs,)](**own, num_warps=warps(own["TYPE"]))


def warps(state: Any) -> int:
    """The warps of 32 threads that share a tile.

    With these a thread keeps 8 elements of a tile, 4 of float64, and with N = 1 next to nothing is spilled to
    memory; with half as many the larger kernels take all 255 registers. So says
    `benchmarks/compile_triton.py`; times were not measured.
    """
    return 16 if state is tl.float64 else 8


def carry(values: Tensor, sums: Tensor, arguments: dict[str, Any]) -> None:
    """Carry values (b, K, chunks, N, d) from chunk to chunk."""
    batch, K, _chunks, N, d = values.shape
    given = {**arguments, **strided("values", "v", "bkcnd", values), "sums": sums}
    launch(carry_on, batch * K * N * -(-d // COLUMNS.value), given)


def forward(scan: Scan, y: Tensor, states: Tensor) -> None:
    """Write y and the states, a view (b, K, chunks, N, d).

    y is (b, K, d, L), or (b, d, L) for the sum of the directions. Then one launch per path adds to those
    before it: no direction has an output of its own, and the order of the sum is fixed.
    """
    batch, K, d, _L = scan.x.shape
    P, tiles = K // scan.ways, batch * scan.chunks * scan.blocks
    starts = states
    if scan.ways == 2:
        starts = torch.empty_like(states)
        states[:, P:, 0] = 0
    given = scan.arguments() | strided("starts", "st", "bkcnd", starts) | {"states": states}
    with torch.cuda.device_of(scan.x):
        if scan.chunks == 1:
            starts.zero_()
        else:
            sums = states.new_empty(batch, K, scan.chunks, d)
            launch(chunk_states, tiles * P, given | {"sums": sums})
            carry(starts, sums, given)
        if y.dim() == 4:
            out = strided("y", "y", "bkdl", y) | {"total": None, "first": 0, "count": P}
            launch(chunk_outputs, tiles * P, given | out)
            return
        # the sum is kept in the type of the state, and rounded once
        total = y if y.dtype == scan.type or P == 1 else torch.empty_like(y, dtype=scan.type)
        for p in range(P):
            out = strided("y", "y", "bkdl", directions_of(y if p == P - 1 else total, K))
            launch(
                chunk_outputs, tiles, given | out | {"total": total if p else None, "first": p, "count": 1}
            )


def directions_of(tensor: Tensor, K: int) -> Tensor:
    """One sequence (b, d, L) as that of K directions."""
    return tensor[:, None].expand(-1, K, -1, -1)


def backward(
    scan: Scan, dy: Tensor, states: Tensor, dx: Tensor, dsteps: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Write dx, and where there is no weight dsteps; return the other gradients.

    dy and states as in `forward`, and dx as dy. The gradients returned are those of tokens,
    (b, K, L, R + 2N) for R numbers of their steps, B and C, and of channels, (K, R + N + 2, d) for weight, A,
    D and bias.
    """
    batch, K, d, L = scan.x.shape
    tiles, N, R = batch * scan.chunks * scan.blocks, scan.A.shape[2], scan.rank
    count = 1 if dy.dim() == 3 else K
    views = [directions_of(t, K) if t.dim() == 3 else t for t in (dy, dx)]
    given = scan.arguments() | strided("dy", "dy", "bkdl", views[0]) | strided("dx", "dx", "bkdl", views[1])
    given |= strided("dsteps", "ds", "bkcl", scan.steps if dsteps is None else dsteps) | {"dsteps": dsteps}
    given |= strided("states", "st", "bkcnd", states)
    ends = states.new_empty(batch, K, scan.chunks, N, d)
    given |= strided("ends", "e", "bkcnd", ends)
    # sums over a block of channels, and over a chunk
    of_tokens = states.new_empty(scan.blocks, batch, count, L, R + 2 * N)
    of_channels = states.new_empty(batch, scan.chunks, count, R + N + 2, d)
    given |= {"of_tokens": of_tokens, "of_channels": of_channels, "count": count}
    tokens, channels = states.new_empty(batch, K, L, R + 2 * N), states.new_empty(K, R + N + 2, d)
    with torch.cuda.device_of(scan.x):
        if scan.chunks == 1:
            ends.zero_()
        else:
            sums = states.new_empty(batch, K, scan.chunks, d)
            launch(chunk_gradients, tiles * K, given | {"sums": sums})
            carry(ends, sums, given)
        for first in range(0, K, count):
            launch(token_gradients, tiles * count, given | {"first": first, "ADD": first > 0})
            torch.sum(of_tokens, 0, out=tokens[:, first : first + count])
            torch.sum(of_channels, (0, 1), out=channels[first : first + count])
    return tokens, channels
