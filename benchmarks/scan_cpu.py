"""What the compiled scan costs on the CPU, against the loop, the exponentials alone, and the unfolded form.

Run it alone on the machine: python benchmarks/scan_cpu.py
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import softplus

from baselines.ops import selective_scan, ss2d_scan
from baselines.ops.paths import directions, map_paths


def milliseconds(task: Callable[[], object], repeats: int = 25) -> float:
    """The median of some runs after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[1:])


def peak_megabytes(form: str) -> float:
    """How far one call at full size raises the memory of a fresh process that has made a small one."""
    command = [sys.executable, __file__, form]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@torch.no_grad()
def print_peak(form: str) -> None:
    """What the fresh process does."""
    scan = {"fused": ss2d_scan, "unfolded": unfolded}[form]
    scan(*map_inputs(16, 8))
    inputs = map_inputs(256, 120)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # begins a new high-water mark
    scan(*inputs)
    print((_status("VmHWM") - before) / 1024)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def unfolded(x: Tensor, x_proj: Tensor, dt_proj: Tensor, bias: Tensor, A_logs: Tensor, D: Tensor) -> Tensor:
    """`ss2d_scan` as it is usually written: four unfolded copies, one scan, folded back."""
    _, width, height, breadth = x.shape
    rank, states = dt_proj.shape[2], A_logs.shape[1]
    orders = directions(map_paths(height, breadth, "cross"), True)
    sequences = torch.stack([x.flatten(2)[:, :, order] for order in orders], 1)
    projected = torch.einsum("bkdl,kcd->bkcl", sequences, x_proj)
    low, B, C = projected.split([rank, states, states], 2)
    delta = torch.einsum("bkrl,kdr->bkdl", low, dt_proj)
    y = selective_scan(
        sequences.flatten(1, 2), delta.flatten(1, 2), -A_logs.exp(), B, C, D, bias.flatten(), True
    ).unflatten(1, (4, width))
    return sum(y[:, k, :, torch.argsort(order)] for k, order in enumerate(orders)).view(x.shape)


@torch.no_grad()
def one_scan() -> None:
    """K*d = 1024, L = 1600, N = 1."""
    torch.manual_seed(0)
    u, delta = torch.randn(1, 1024, 1600), torch.randn(1, 1024, 1600) - 3
    A = -torch.rand(1024, 1) - 0.1
    B, C = torch.randn(1, 4, 1, 1600), torch.randn(1, 4, 1, 1600)
    D, bias = torch.randn(1024), torch.randn(1024)
    inputs = (u, delta, A, B, C, D, bias, True)
    ours = milliseconds(lambda: selective_scan(*inputs, backend="cpu"))
    loop = milliseconds(lambda: selective_scan(*inputs, backend="reference"), 5)
    alone = milliseconds(lambda: torch.exp(softplus(delta) * A))
    print("selective_scan, K*d = 1024, L = 1600, N = 1, float32, forward")
    print(f"  cpu                                {ours:8.2f} ms")
    print(f"  reference, a Python loop           {loop:8.2f} ms   {loop / ours:.1f} x")
    print(f"  exp(softplus(delta) * A) alone     {alone:8.2f} ms   cpu takes {ours / alone:.2f} of it")


def map_inputs(width: int, side: int) -> list[Tensor]:
    """A map and the weights of its scan with N = 1, R = 8."""
    torch.manual_seed(0)
    return [
        torch.randn(1, width, side, side),
        torch.randn(4, 10, width) / 16,
        torch.randn(4, width, 8) / 3,
        torch.randn(4, width) - 3,
        torch.zeros(4 * width, 1),
        torch.ones(4 * width),
    ]


def one_map() -> None:
    """(1, 256, 120, 120): the first stage of a base model at 480 px."""
    inputs = map_inputs(256, 120)
    with torch.no_grad():
        rest = (-torch.ones(256, 1), *torch.randn(2, 1, 1, 1, 14400), torch.ones(256), torch.ones(256), True)
        rows = torch.randn(4, 2, 1, 256, 14400)  # every direction has its own u and delta
        fused = milliseconds(lambda: ss2d_scan(*inputs, backend="cpu"))
        four = milliseconds(lambda: [selective_scan(*pair, *rest, backend="cpu") for pair in rows])
        spread = milliseconds(lambda: unfolded(*inputs), 9)
        print("ss2d_scan, (1, 256, 120, 120), N = 1, float32, forward")
        print(f"  fused                              {fused:8.2f} ms")
        print(f"  four selective scans alone         {four:8.2f} ms   {four / fused:.2f} x")
        print(f"  unfolded, scanned, folded          {spread:8.2f} ms   {spread / fused:.1f} x")
        own, theirs = peak_megabytes("fused"), peak_megabytes("unfolded")
        print(f"  fused, memory                      {own:8.1f} MB")
        print(f"  unfolded, memory                   {theirs:8.1f} MB   {theirs / own:.1f} x")
    leaves = [t.requires_grad_() for t in inputs]
    dy = torch.randn(1, 256, 120, 120)

    def trained(scan: Callable[..., Tensor]) -> float:
        return milliseconds(lambda: torch.autograd.grad(scan(*leaves), leaves, dy), 5)

    fused, spread = trained(ss2d_scan), trained(unfolded)
    print(f"  fused, forward and backward        {fused:8.2f} ms")
    print(f"  unfolded, forward and backward     {spread:8.2f} ms   {spread / fused:.1f} x")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print_peak(sys.argv[1])
    else:
        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
        one_scan()
        one_map()
