"""What the times were measured on, without its name."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from rebench.predict.device import Device
from rebench.store.environment import environment

PACKAGES = ("numba", "triton", "mamba-ssm")


def machine(device: Device) -> dict[str, Any]:
    """Processor, accelerator, threads, versions and commit."""
    here = environment(device.spec, device.name)
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "device": device.spec,
        "device_name": device.name,
        "threads": torch.get_num_threads(),
        "rebench": here.rebench,
        "commit": here.commit,
        "dirty": here.dirty,
        "python": here.python,
        "torch": here.torch,
        "cuda": torch.version.cuda,
        "numpy": here.numpy,
        **{name: _version(name) for name in PACKAGES},
    }


def headline(facts: dict[str, Any]) -> str:
    """The same in a line."""
    place = f"{facts['device_name']}, CUDA {facts['cuda']}; " if facts["device_name"] else ""
    commit = (
        f" ({facts['commit'][:10]}{' with changes' if facts['dirty'] else ''})" if facts["commit"] else ""
    )
    versions = [f"{name} {facts[name]}" for name in ("python", "torch", "numpy", *PACKAGES) if facts[name]]
    cpu = f"{facts['processor']}, {facts['cores']} cores, {facts['threads']} threads, {facts['system']}"
    return f"{place}{cpu}; rebench {facts['rebench']}{commit}, {', '.join(versions)}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux on x86
        return platform.machine()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
