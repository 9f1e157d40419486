"""How the tiny variants are trained on scenes: the recipe's optimizer and losses around `optimise`."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from baselines.nn.losses import dice_loss, focal_loss, identity_loss, identity_scores
from baselines.train.optimise import Check, Plan, Report, optimise
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit

Loss = Callable[[nn.Module, int], Tensor]
"""The loss of a model on the batch of a step."""


def fit(
    model: nn.Module,
    loss_of: Loss,
    check: Check,
    recipe: Recipe,
    folder: Path,
    report: Report,
    fresh: bool = False,
    about: Mapping[str, str] = MappingProxyType({}),
) -> nn.Module:
    """Train `model` in place and return its averaged copy.

    A checkpoint in `folder` is continued, to the same weights as without the interruption (on one device
    and one version of PyTorch); one of another recipe or another `about` is refused with a RebenchError.
    """
    plan = Plan(
        {**asdict(recipe), **about},
        recipe.steps,
        recipe.check_every,
        clip=recipe.clip,
        ema=recipe.ema,
        seed=recipe.seed,
    )
    return optimise(
        model,
        torch.optim.AdamW(_groups(model, recipe.weight_decay), recipe.lr, betas=(0.9, 0.98)),
        lambda step, _group: recipe.lr * _schedule(step, recipe),
        lambda model, step, _part: loss_of(model, step),
        check,
        plan,
        folder,
        report,
        fresh=fresh,
    )


def mask_loss(logits: Tensor, batch: TensorSplit, recipe: Recipe) -> Tensor:
    """The weighted sum of the losses; logits (B * K, 1, H, W) of the pictures and expressions of a batch."""
    targets = batch.masks.flatten(0, 1)[:, None].float()
    loss = recipe.dice * dice_loss(logits, targets) + recipe.focal * focal_loss(logits, targets)
    if recipe.identity:
        chances = logits[:, 0].unflatten(0, batch.referents.shape)[
            ..., 1::4, 1::4
        ]  # every fourth pixel will do
        loss = loss + recipe.identity * identity_loss(chances, batch.owners[:, 1::4, 1::4], batch.referents)
    return loss


@torch.no_grad()
def success(logits: Tensor, batch: TensorSplit) -> tuple[Tensor, Tensor]:
    """Per expression its IoU, and whether the referent has the highest mean logit of all instances."""
    predicted, target = logits[:, 0] > 0, batch.masks.flatten(0, 1)
    ious = (predicted & target).sum((1, 2)) / (predicted | target).sum((1, 2)).clamp(min=1)
    scores = identity_scores(logits[:, 0].unflatten(0, batch.referents.shape), batch.owners)
    return ious, (scores.argmax(2) + 1 == batch.referents).flatten().float()


def _schedule(step: int, recipe: Recipe) -> float:
    rise = min((step + 1) / max(recipe.warmup, 1), 1.0)
    return rise * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay; norms, biases, decay rates and embeddings' one-dimensional kin do not."""
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in trained if p.ndim >= 2]
    vectors = [p for p in trained if p.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
