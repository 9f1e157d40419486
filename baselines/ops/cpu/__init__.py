"""The scans on the CPU, compiled by numba: fused, and the same to the bit on any number of threads."""

from baselines.ops.cpu.directional import directional_backward, directional_forward
from baselines.ops.cpu.projection import project
from baselines.ops.cpu.selective import selective_backward, selective_forward

__all__ = [
    "directional_backward",
    "directional_forward",
    "project",
    "selective_backward",
    "selective_forward",
]
