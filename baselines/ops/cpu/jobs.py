"""How the work of a scan is shared out: ranges of jobs on threads, and tensors as flat arrays."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

_pools: dict[int, ThreadPoolExecutor] = {}
os.register_at_fork(after_in_child=_pools.clear)  # threads do not survive a fork


SMALL = 1 << 16
"""Below so many tokens times channels times directions, waking a thread costs more than it saves."""


def run(size: int, kernel: Callable[..., None], jobs: int, *arguments: Any) -> None:
    """Call kernel(first, last, *arguments) for ranges that make up all the jobs, on PyTorch's thread count.

    The calling thread works too, and whoever is free takes the next range. Threads of our own and not
    numba's: those end the process if it forks, or if two threads scan at once.

    Args:
        size: of all the work, in tokens times channels times directions.
    """
    threads = 1 if size < SMALL else min(torch.get_num_threads(), jobs)
    pieces = min(jobs, 4 * threads if threads > 1 else 1)
    ranges = iter(list(pairwise(jobs * r // pieces for r in range(pieces + 1))))

    def work() -> None:
        for first, last in ranges:
            kernel(first, last, *arguments)

    helpers = [_pool(threads).submit(work) for _ in range(threads - 1)]
    work()
    for helper in helpers:
        if not helper.cancel():  # one that has not begun has nothing left to do
            helper.result()


def _pool(threads: int) -> ThreadPoolExecutor:
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads - 1, "scan")
    return _pools[threads]


def flat(t: Tensor) -> tuple[Any, tuple[int, ...]]:
    """A tensor's memory as a flat array, and its strides: one kernel reads every layout."""
    extent = 1 + sum((size - 1) * stride for size, stride in zip(t.shape, t.stride(), strict=True))
    return t.detach().as_strided((extent,), (1,)).numpy(), t.stride()


def arrays(*tensors: Tensor, dtype: torch.dtype) -> list[Any]:
    """Tensors as contiguous arrays of one type."""
    return [t.detach().to(dtype).contiguous().numpy() for t in tensors]


def mask_array(mask: Tensor | None) -> Any:
    """A mask as an array (b, L); (1, 0), which counts every token, where there is none."""
    return np.empty((1, 0), np.bool_) if mask is None else mask.contiguous().numpy()


def sets_of(tiles: int, groups: int) -> int:
    """Into how many sets the tiles of a group go in a backward pass.

    Each set sums the gradients of what its tiles share in a copy of its own. More copies keep more
    threads busy and take more memory. Their number must not depend on the threads, or the last bits of a
    gradient would.
    """
    return min(tiles, max(8 // groups, 1))
