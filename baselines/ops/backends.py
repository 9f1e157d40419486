"""What computes the scans: the choice between backends, and what each of them lacks here.

An argument decides, then `REBENCH_SCAN`, then the best backend that works on the tensor's device. What was
asked for is used or refused; only the free choice falls back, and says so once.
"""

import logging
import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import torch

from rebench.errors import RebenchError

NAMES = ("reference", "cpu", "triton", "mamba_ssm")
VARIABLE = "REBENCH_SCAN"

_log = logging.getLogger(__name__)


class ScanBackendError(RebenchError, ValueError):
    """A backend that does not exist, or does not work here."""


@dataclass(frozen=True)
class Backend:
    """One backend on one device; `problem` says why it cannot be used there, and is None if it can."""

    name: str
    problem: str | None = None


def backends(device: torch.device | str = "cpu") -> list[Backend]:
    """Every backend, with what keeps it from working on a device."""
    return [Backend(name, problem(name, torch.device(device).type)) for name in NAMES]


@torch.compiler.assume_constant_result
def choose(device: torch.device | str, requested: str | None = None) -> str:
    """The name of the backend for a device.

    Args:
        device: where the tensors are.
        requested: "reference", "cpu", "triton" or "mamba_ssm"; None for `REBENCH_SCAN`, or the best.

    Raises:
        ScanBackendError: what was asked for does not exist or does not work on this device.
    """
    kind = torch.device(device).type
    asked = requested or os.environ.get(VARIABLE) or None
    if asked is None:
        return _best(kind)
    source = "backend" if requested else VARIABLE
    if asked not in NAMES:
        raise ScanBackendError(f"{source}={asked}: there is no such scan; there are {', '.join(NAMES)}")
    if found := problem(asked, kind):
        raise ScanBackendError(f"{source}={asked}: {found}")
    return asked


@cache
def _best(kind: str) -> str:
    fast = "triton" if kind == "cuda" else "cpu"
    found = problem(fast, kind) or _fails(fast, kind)
    if found is None:
        return fast
    _log.warning("the scan on %s falls back to slow plain PyTorch: %s", kind, found)
    return "reference"


@cache
def problem(name: str, kind: str) -> str | None:
    """Why a backend cannot be used on a kind of device ("cpu", "cuda", ...), or None."""
    if name == "reference":
        return None
    if name == "cpu":
        if kind != "cpu":
            return f"it computes on the CPU, and the tensors are on {kind}"
        return None if find_spec("numba") else "numba is not installed: pip install numba"
    if name == "triton":
        if not find_spec("triton"):
            return "triton is not installed: pip install triton"
        if kind != "cuda" and not (kind == "cpu" and os.environ.get("TRITON_INTERPRET") == "1"):
            return f"it needs CUDA tensors (or TRITON_INTERPRET=1 for tests on the CPU), not {kind}"
        return None
    if kind != "cuda":
        return f"it needs CUDA tensors, not {kind}"
    try:
        import_module("mamba_ssm.ops.selective_scan_interface").selective_scan_fn  # noqa: B018
        import_module("selective_scan_cuda")
    except (ImportError, AttributeError, OSError) as error:
        return f"mamba-ssm with its CUDA extension cannot be imported: {error}"
    return None


def _fails(name: str, kind: str) -> str | None:
    """What happens where the backend is tried on almost nothing: compilers fail in many ways."""
    from baselines.ops.library import selective_scan

    one = torch.ones(1, 1, 1, device=kind)
    flat = one[0, 0]
    try:
        selective_scan(one, one, one[0], one[None], one[None], flat, flat, True, None, name)
    except Exception as error:
        return f"{name} failed, {type(error).__name__}: {error}"
    return None
