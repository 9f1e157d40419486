"""How the paper and the release train a ReMamber, as data; and its loss."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import cos, pi

import torch
from torch import Tensor

from baselines.nn.losses import dice_loss, focal_loss


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters with one learning rate: all whose names begin with one of the prefixes."""

    name: str
    lr: float
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingPreset:
    """A published recipe.

    Attributes:
        groups: a parameter belongs to the first that names it.
        betas, eps, weight_decay: of AdamW; the decay is on every parameter, norms, biases and decays too.
        epochs, final_lr: a cosine over all epochs, one rate per epoch, without warm-up.
        lag: epochs that the schedule runs behind: with 1, epochs 0 and 1 both have the base rate.
        batch: of all devices together; the rate is not scaled with it.
        image_size, drop_path: of the model while it is trained.
        amp: float16 with dynamic loss scaling.
        ema: decay of an average of all weights, None for none.
        sentences: "one" of the sentences of a referent per epoch, drawn at random, or "all".
    """

    groups: tuple[ParameterGroup, ...]
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-4
    epochs: int = 50
    final_lr: float = 1e-6
    lag: int = 1
    batch: int = 64
    image_size: int = 480
    drop_path: float = 0.1
    amp: bool = True
    ema: float | None = None
    sentences: str = "one"

    def lr(self, group: ParameterGroup, epoch: int) -> float:
        """The learning rate of a group in an epoch, from 0."""
        passed = max(epoch - self.lag, 0) / self.epochs
        return self.final_lr + 0.5 * (group.lr - self.final_lr) * (1 + cos(pi * passed))

    def group_of(self, parameter: str) -> ParameterGroup:
        """The group of a parameter by its name.

        Raises:
            KeyError: it is in none.
        """
        for group in self.groups:
            if parameter.startswith(group.prefixes):
                return group
        raise KeyError(f"parameter {parameter} is in no group")

    def split(self, parameters: Iterable[str]) -> dict[str, list[str]]:
        """The names of the parameters of every group, by the name of the group."""
        members: dict[str, list[str]] = {group.name: [] for group in self.groups}
        for parameter in parameters:
            members[self.group_of(parameter).name].append(parameter)
        return members


RELEASED = TrainingPreset(
    groups=(
        ParameterGroup("decoder", 5e-5, ("decoder.",)),
        ParameterGroup("text encoder", 2.5e-5, ("text_encoder.",)),
        ParameterGroup("visual backbone", 2.5e-5, ("backbone.patch_embed.", "backbone.layers.")),
        ParameterGroup("new backbone modules", 5e-5, ("backbone.",)),
    )
)
PAPER = replace(RELEASED, groups=(ParameterGroup("all", 5e-5, ("",)),), lag=0)
"""Section 4.2: one rate, 5e-5, AdamW, cosine, 50 epochs. What the paper does not state is as released."""


def mask_loss(logits: Tensor, targets: Tensor, epoch: int | None = None) -> Tensor:
    """Dice and cross-entropy, added; logits and targets (B, 1, H, W).

    With an epoch, pixels that are not yet decided are left out (`decided`). The released trainer names the
    epoch, but its model does not pass it on, so in training there is none.
    """
    keep = None if epoch is None else decided(logits, epoch)
    return dice_loss(logits, targets, keep) + focal_loss(logits, targets, gamma=0.0, keep=keep)


def decided(logits: Tensor, epoch: int) -> Tensor:
    """1 where |p - 0.5| is more than 0.008 times the epoch, else 0; before epoch 8, 1 everywhere."""
    if epoch < 8:
        return torch.ones_like(logits)
    return ((torch.sigmoid(logits) - 0.5).abs() > 0.008 * epoch).to(logits.dtype)


def train_iou(logits: Tensor, targets: Tensor) -> Tensor:
    """The metric that the release logs: IoU per mask at p >= 0.5, with 1e-6 added to the union, averaged."""
    predicted, target = (torch.sigmoid(logits) >= 0.5).flatten(1), targets.flatten(1) > 0.5
    return ((predicted & target).sum(1) / ((predicted | target).sum(1) + 1e-6)).mean()
