"""How long a call takes: a few of the same, on a device that has finished."""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock seconds of every repeat, in order."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "median": self.median,
            "low": min(self.seconds),
            "high": max(self.seconds),
            "seconds": list(self.seconds),
        }


def timed(call: Callable[[], Any], repeats: int) -> Timing:
    """So many calls, one after the other. What a GPU still computes is waited for."""
    seconds = []
    for _ in range(repeats):
        wait_for_device()
        started = time.perf_counter()
        call()
        wait_for_device()
        seconds.append(time.perf_counter() - started)
    return Timing(tuple(seconds))


def wait_for_device() -> None:
    """Until CUDA has done what it was given; at once where CUDA is not in use."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        cuda.synchronize()
