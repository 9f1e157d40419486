"""Where a run was made: versions, machine, commit. Looks, and imports nothing heavy to do so."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import rebench
from rebench.store.record import Environment

PACKAGES = ("pandas", "pillow", "pyarrow", "pycocotools", "safetensors", "transformers")


def environment(
    device: str | None = None, device_name: str | None = None, scan_backend: str | None = None
) -> Environment:
    """The environment of this process.

    Args:
        device: "cpu" or "cuda", or None where no device was given to the model.
        device_name: the name of the accelerator.
        scan_backend: what computes the selective scan, where the model has one.
    """
    commit, dirty = _checkout()
    return Environment(
        rebench=rebench.__version__,
        python=platform.python_version(),
        numpy=_version("numpy"),
        torch=_version("torch"),
        platform=_system(),
        device=device,
        device_name=device_name,
        scan_backend=scan_backend,
        packages={name: found for name in PACKAGES if (found := _version(name))},
        commit=commit,
        dirty=dirty,
    )


def _system() -> str:
    """As "Linux x86_64, glibc 2.36". Without the kernel's release, which can name a cluster."""
    libc = " ".join(part for part in platform.libc_ver() if part)
    return ", ".join(part for part in (f"{platform.system()} {platform.machine()}", libc) if part)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


@cache
def _checkout() -> tuple[str | None, bool | None]:
    """Commit and dirty flag of the checkout rebench is imported from; None, None without one."""
    root = Path(rebench.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None, None
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None, None
    changes = _git(root, "status", "--porcelain")
    return commit, None if changes is None else bool(changes)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
