"""The most memory that a while took: of the GPU where there is one in use, else of the process."""

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["of the GPU", "of the process", "of the process since it began"]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at the highest point, weights included, and of what."""

    peak: int
    kind: Kind


def peak_of(call: Callable[[], Any], cuda: bool) -> tuple[Any, Memory]:
    """What a call gives, and the peak while it ran.

    Args:
        cuda: whether it computes on a GPU: then what PyTorch has allocated there, else the resident memory
            of the process, whose mark Linux resets before; elsewhere the mark is that of its whole life.
    """
    if cuda:
        import torch

        torch.cuda.reset_peak_memory_stats()
        made = call()
        return made, Memory(torch.cuda.max_memory_allocated(), "of the GPU")
    reset = _reset()
    made = call()
    return made, Memory(_high_water(), "of the process" if reset else "of the process since it began")


def _reset() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5")  # see proc(5)
    except OSError:
        return False
    return True


def _high_water() -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
