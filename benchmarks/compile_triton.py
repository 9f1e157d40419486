"""What the Triton kernels need of a GPU: `python benchmarks/compile_triton.py`, which runs without one.

Every kernel is compiled for compute capability 9.0 in the forms in which the scans launch it with a mask.
"""

import argparse
import re
import subprocess
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import get_ptxas
from triton.compiler import ASTSource, CompiledKernel

from baselines.ops import gpu
from baselines.ops.gpu import launch

TARGET = GPUTarget("cuda", 90, 32)
POINTERS = {
    torch.float64: "*fp64",
    torch.float32: "*fp32",
    torch.float16: "*fp16",
    torch.bfloat16: "*bf16",
    torch.int64: "*i64",
    torch.uint8: "*u8",
}
DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def launches(kind: str, dtype: torch.dtype, states: int) -> list[tuple[Any, dict[str, Any]]]:
    """The kernels that a scan with gradients launches, and their arguments; nothing is computed."""
    recorded = []
    batch, width, length, K, rank = 2, 64, 160, 4, 4
    state = torch.float64 if dtype == torch.float64 else torch.float32
    x = torch.zeros(batch, length, width, dtype=dtype).transpose(1, 2)  # channels lie together
    mask = torch.ones(batch, length, dtype=torch.bool)
    if kind == "directional":
        inputs = (
            x,
            x.new_zeros(batch, length, K, rank + 2 * states),
            *(torch.zeros(K, width, *more, dtype=state) for more in ((rank,), (), (states,), ())),
        )
        rest = (torch.arange(length).expand(K // 2, -1), True, mask)
    else:
        maps = x.new_zeros(2, batch, K, states, length)
        A, D, bias = (torch.zeros(width, *more, dtype=state) for more in ((states,), (), ()))
        x = x.contiguous()
        inputs = (x, x.clone(), A, *maps, D, bias)
        rest = (True, mask)
    run, launch.launch = launch.launch, lambda kernel, _programs, given: recorded.append((kernel, given))
    try:
        y, kept = getattr(gpu, f"{kind}_forward")(*inputs, *rest)
        getattr(gpu, f"{kind}_backward")(y, kept, *inputs, *rest)
    finally:
        launch.launch = run
    return recorded


def compiled(kernel: Any, given: dict[str, Any]) -> CompiledKernel:
    """A kernel as the just-in-time compiler specialises it for these arguments."""
    signature, constants, attributes = {}, {}, {}
    for index, parameter in enumerate(kernel.params):
        name, value, special = parameter.name, given[parameter.name], not parameter.do_not_specialize
        if parameter.is_constexpr or value is None or (isinstance(value, int) and value == 1 and special):
            signature[name], constants[name] = "constexpr", value
            continue
        tensor = isinstance(value, torch.Tensor)
        signature[name] = POINTERS[value.dtype] if tensor else "i32"
        if (value.data_ptr() if tensor else value) % 16 == 0 and special:
            attributes[index,] = [["tt.divisibility", 16]]
    options = {"num_warps": launch.warps(given["TYPE"])}
    return triton.compile(ASTSource(kernel, signature, constants, attributes), TARGET, options)


def resources(kernel: CompiledKernel) -> dict[str, int]:
    """Registers per thread, bytes spilled per thread and bytes of shared memory per program."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(kernel.asm["ptx"])
        (target,) = re.findall(r"^\.target (\w+)", kernel.asm["ptx"], re.MULTILINE)
        command = [get_ptxas(TARGET.arch).path, "-v", f"--gpu-name={target}", source, "-o", f"{source}.cubin"]
        report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    (registers,) = re.findall(r"Used (\d+) registers", report)
    spilled = sum(map(int, re.findall(r"(\d+) bytes spill", report)))
    return {"registers": int(registers), "spilled": spilled, "shared": kernel.metadata.shared}


def main() -> None:
    """Print one line per kernel and form."""
    names = [str(dtype).removeprefix("torch.") for dtype in DTYPES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dtype", choices=names, nargs="+", default=names)
    parser.add_argument("--states", type=int, nargs="+", default=[1, 16])
    chosen = parser.parse_args()
    print(f"triton {triton.__version__}\n{'kernel':34}{'type':10}{'N':>3} warps registers spilled shared")
    done = set()
    for dtype, states, kind in product(chosen.dtype, chosen.states, ("directional", "selective")):
        for kernel, given in launches(kind, getattr(torch, dtype), states):
            form = compiled(kernel, given)
            if form.hash in done:
                continue
            done.add(form.hash)
            used = resources(form)
            title = f"{kind} {kernel.__name__}"
            print(
                f"{title:34}{dtype:10}{states:3}{form.metadata.num_warps:6}"
                f"{used['registers']:10}{used['spilled']:8}{used['shared']:7}",
                flush=True,
            )


if __name__ == "__main__":
    main()
