"""Which device a model is put on."""

import re
from dataclasses import dataclass

from rebench.errors import RebenchError


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is there.

    Attributes:
        spec: what a model is given: "cpu", "cuda" or "cuda:<n>".
        kind: "cpu" or "cuda".
        name: the name of the accelerator.
    """

    spec: str
    kind: str
    name: str | None = None


def find_device(asked: str) -> Device:
    """The device for "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:<n>".

    Raises:
        RebenchError: no such device.
    """
    if asked == "cpu":
        return Device("cpu", "cpu")
    if not (match := re.fullmatch(r"auto|cuda(?::(\d+))?", asked)):
        raise RebenchError(f"unknown device {asked!r}: give auto, cpu or cuda")
    import torch

    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
        return find_device(asked)
    if not torch.cuda.is_available():
        raise RebenchError(f"no CUDA device for {asked!r}: give --device cpu, or install torch for CUDA")
    count = torch.cuda.device_count()
    index = int(match[1]) if match[1] else torch.cuda.current_device()
    if index >= count:
        raise RebenchError(f"no device {asked!r}: there are {count}, the first is cuda:0")
    return Device(asked, "cuda", torch.cuda.get_device_name(index))
