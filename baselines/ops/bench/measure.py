"""Times, memory and bandwidth of calls."""

import ctypes
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch

Call = Callable[[int], Any]
"""What is measured; it is given a number, by which it chooses among several sets of inputs."""

MOST_SETS = 32
SLOW = 5.0
"""Seconds for one call after which a call that may be slow is not repeated."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds: median, shortest and longest of some repeats."""

    median: float
    low: float
    high: float
    repeats: int

    @classmethod
    def of(cls, milliseconds: list[float]) -> "Timing":
        """What some repeats took."""
        return cls(statistics.median(milliseconds), min(milliseconds), max(milliseconds), len(milliseconds))


def sets_needed(device: str, bytes_of_one: int) -> int:
    """How many sets of inputs are more than the last cache holds, twice over; 32 at most."""
    return max(2, min(MOST_SETS, -(-2 * cache_bytes(device) // max(bytes_of_one, 1))))


def cache_bytes(device: str) -> int:
    """The last cache of a device; 32 MB where nobody says."""
    if device.startswith("cuda"):
        return int(torch.cuda.get_device_properties(device).L2_cache_size)
    units = {"K": 1 << 10, "M": 1 << 20}
    sizes = [32 << 20]
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        if text[-1:] in units and text[:-1].isdigit():
            sizes.append(int(text[:-1]) * units[text[-1]])
    return max(sizes[1:] or sizes)


def measure_time(call: Call, device: str, budget: float, may_be_slow: bool = False) -> Timing:
    """Time calls after one that is not counted, which compiles and warms up.

    Args:
        budget: seconds for all repeats. There are at least 3, at least 10 on CUDA.
        may_be_slow: whether one call is enough, the first, if it takes more than 5 seconds.
    """
    calls = map(call, count())
    began = time.perf_counter()
    next(calls)
    _synchronise(device)
    first = time.perf_counter() - began
    if may_be_slow and first > SLOW:
        return Timing.of([1000 * first])
    return (_cuda_times if device.startswith("cuda") else _cpu_times)(calls, budget)


def _cpu_times(calls: Any, budget: float) -> Timing:
    times: list[float] = []
    while len(times) < 3 or (sum(times) < 1000 * budget and len(times) < 1000):
        began = time.perf_counter()
        next(calls)
        times.append(1000 * (time.perf_counter() - began))
    return Timing.of(times)


def _cuda_times(calls: Any, budget: float) -> Timing:
    """One pair of events around every call, and no waiting between the calls."""

    def repeat(times: int) -> list[float]:
        pairs = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(times)]
        for before, after in pairs:
            before.record()
            next(calls)
            after.record()
        torch.cuda.synchronize()
        return [before.elapsed_time(after) for before, after in pairs]

    once = statistics.median(repeat(3))
    return Timing.of(repeat(int(max(10, min(300, 1000 * budget / max(once, 1e-3))))))


def extra_bytes(call: Call, device: str, given_back: int) -> int | None:
    """The most memory that a call holds beyond its inputs and its outputs; None where it cannot be told.

    On CUDA by PyTorch's allocator. On the CPU by the process: its highest resident size during the call
    (VmHWM, set back before it by writing 5 to clear_refs) over the size before, once the C library has given
    back what it keeps of freed memory. So it counts what any allocator takes, PyTorch's or NumPy's, in pages
    that were touched, and is right to about a megabyte on small machines.

    Args:
        given_back: bytes of the outputs.
    """
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        kept = call(0)
        torch.cuda.synchronize(device)
        peak = torch.cuda.max_memory_allocated(device) - before
    else:
        try:
            ctypes.CDLL(None).malloc_trim(0)
            Path("/proc/self/clear_refs").write_text("5")
            before = _status("VmRSS")
            kept = call(0)
            peak = _status("VmHWM") - before
        except (OSError, AttributeError, KeyError):  # not Linux, or another C library
            return None
    del kept
    return max(peak - given_back, 0)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(dict(line.split(":", 1) for line in lines)[name].split()[0])


def copy_rate(device: str) -> float:
    """Bytes per second that a copy reads and writes, of much more than the caches hold."""
    source = torch.zeros(max(1 << 28, 4 * cache_bytes(device)) // 4, device=device)
    target = torch.empty_like(source)
    timing = measure_time(lambda _: target.copy_(source), device, 0.5)
    return 2 * source.nbytes / (timing.median / 1000)


def _synchronise(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
