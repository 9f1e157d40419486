"""One process, or several that `torchrun` started: who we are, and what we tell each other."""

import gc
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from rebench.errors import RebenchError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among all that train one model; each has a copy and a share of every batch.

    A context manager: who leaves it without an error waits for the others.

    Attributes:
        rank: its number, from 0.
        world: how many there are.
        device: where it computes.
    """

    rank: int = 0
    world: int = 1
    device: str = "cpu"

    @classmethod
    def join(cls, device: str) -> "Processes":
        """The processes that torchrun started (NCCL on GPUs, gloo on the CPU), else this one alone.

        Args:
            device: "cpu", "cuda" or "cuda:<n>"; of several processes each takes the GPU of its local rank.

        Raises:
            RebenchError: several processes on one machine and fewer GPUs than these.
        """
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls(device=device)
        if device.startswith("cuda"):
            local, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
            if local >= there:
                raise RebenchError(f"process {local} of this machine has no GPU: there are {there}")
            device = f"cuda:{local}"
            torch.cuda.set_device(local)
        if not dist.is_initialized():
            dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        return cls(dist.get_rank(), dist.get_world_size(), device)

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def share(self, module: nn.Module) -> nn.Module:
        """The module with its gradients averaged over all processes, as DDP does."""
        if self.world == 1:
            return module
        ids = [int(self.device.partition(":")[2] or 0)] if self.device.startswith("cuda") else None
        return nn.parallel.DistributedDataParallel(
            module,
            ids,
            find_unused_parameters=True,  # some models have parameters that their release never uses
        )

    def mean(self, value: Tensor) -> Tensor:
        """The average of a tensor over all processes."""
        if self.world > 1:
            value = value.clone()
            dist.all_reduce(value)
            value /= self.world
        return value

    def gather(self, rows: list[T]) -> list[T]:
        """The rows of all processes, those of the first first."""
        if self.world == 1:
            return rows
        parts: list[Any] = [None] * self.world
        dist.all_gather_object(parts, rows)
        return [row for part in parts for row in part]

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            dist.barrier()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:  # one that fails waits for nobody, or the others would wait for it too
            self.leave()

    def leave(self) -> None:
        """Ends the conversation, once all have said what they had to say."""
        if self.world > 1 and dist.is_initialized():
            gc.collect()  # a module that shares gradients must not outlive the conversation
            dist.barrier()
            dist.destroy_process_group()


ALONE = Processes()
