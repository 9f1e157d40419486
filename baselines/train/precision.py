"""In which floating point a training step computes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Precision:
    """Automatic mixed precision, or none.

    Attributes:
        kind: the type of device, "cpu" or "cuda".
        dtype: what most of a step computes in; None is the parameters' own type.
        scaler: dynamic loss scaling, which float16 needs.
    """

    kind: str = "cpu"
    dtype: torch.dtype | None = None
    scaler: Any = field(default_factory=lambda: torch.amp.GradScaler("cpu", enabled=False))

    @classmethod
    def of(cls, amp: str, kind: str) -> "Precision":
        """For "no", "fp16" or "bf16" on a type of device."""
        dtype = {"no": None, "fp16": torch.float16, "bf16": torch.bfloat16}[amp]
        return cls(kind, dtype, torch.amp.GradScaler(kind, enabled=amp == "fp16"))

    def __call__(self) -> AbstractContextManager[None]:
        """The context in which logits and loss are computed."""
        return torch.autocast(self.kind, self.dtype or torch.bfloat16, enabled=self.dtype is not None)

    def backward(self, loss: Tensor) -> None:
        """Gradients of the (scaled) loss."""
        self.scaler.scale(loss).backward()

    def update(self, optimizer: torch.optim.Optimizer, model: nn.Module, clip: float | None) -> None:
        """One step of the optimizer, gradients clipped first; left out where they overflowed."""
        if clip is not None:
            self.scaler.unscale_(optimizer)
            # what is frozen by now may still hold a gradient from before
            nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], clip)
        self.scaler.step(optimizer)
        self.scaler.update()
