"""Batch norm over the batches of all processes, on CPU and GPU (PyTorch's own knows GPUs alone).

Without it several processes would not compute what one does: each would normalise by its own share.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class SharedBatchNorm(_BatchNorm):
    """Normalises by mean and variance over the batches of all processes, which are equally large."""

    def _check_input_dim(self, input: Tensor) -> None:
        """Any input (B, C, ...) will do."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) to the same."""
        if not (self.training and dist.is_initialized()):
            return super().forward(x)
        world = dist.get_world_size()
        wide, axes = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x, [0, *range(2, x.dim())]
        mean = _Sum.apply(wide.mean(axes)) / world
        centred = wide - _along(mean, x)
        variance = _Sum.apply(centred.square().mean(axes)) / world
        self._remember(mean, variance, world * x.numel() // x.shape[1])
        made = centred * _along(torch.rsqrt(variance + self.eps), x)
        if self.affine:
            made = made * _along(self.weight, x) + _along(self.bias, x)
        return made.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        weight = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), weight)
        unbiased = variance * count / max(count - 1, 1)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), weight)


def share_batch_norms(model: nn.Module) -> nn.Module:
    """The model with every batch norm shared, in place; names and tensors stay."""
    for name, child in model.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            shared = SharedBatchNorm(
                child.num_features, child.eps, child.momentum, child.affine, child.track_running_stats
            )
            shared.__dict__.update(
                {key: child.__dict__[key] for key in ("_parameters", "_buffers", "training")}
            )
            setattr(model, name, shared)
        else:
            share_batch_norms(child)
    return model


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_ctx: Any, grad: Tensor) -> Tensor:
        total = grad.clone()
        dist.all_reduce(total)
        return total


def _along(values: Tensor, x: Tensor) -> Tensor:
    return values.view(1, -1, *[1] * (x.dim() - 2))
