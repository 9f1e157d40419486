"""The training loop: deterministic by seed, resumable to the same result, averaged weights out."""

import csv
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from baselines.nn.losses import dice_loss, focal_loss, identity_loss, identity_scores
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit

Report = Callable[[int, dict[str, float]], None]
Loss = Callable[[nn.Module, int], Tensor]
"""The loss of a model on the batch of a step."""
Check = Callable[[nn.Module], dict[str, float]]
"""What is worth knowing of a model in training: names and values for the log."""


def fit(
    model: nn.Module,
    loss_of: Loss,
    check: Check,
    recipe: Recipe,
    folder: Path,
    report: Report,
    fresh: bool = False,
) -> nn.Module:
    """Train `model` in place and return its averaged copy.

    A checkpoint in `folder` is continued, to the same weights as without the interruption (on one device
    and one version of PyTorch); one of another recipe is refused with a ValueError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.ema), use_buffers=True
    )
    optimizer = torch.optim.AdamW(_groups(model, recipe.weight_decay), recipe.lr, betas=(0.9, 0.98))
    first = 0 if fresh else _resume(folder, model, average, optimizer, recipe)
    began = time.monotonic()
    for step in range(first, recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * _schedule(step, recipe)
        torch.manual_seed(recipe.seed * 1_000_003 + step)  # nothing random may depend on where it resumed
        model.train()
        loss = loss_of(model, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        average.update_parameters(model)
        if (step + 1) % recipe.check_every == 0 or step + 1 == recipe.steps:
            row = {"loss": loss.item(), "seconds": time.monotonic() - began, **check(average.module.eval())}
            _save(folder, step + 1, model, average, optimizer, recipe)
            _log(folder, step + 1, row)
            report(step + 1, row)
        elif (step + 1) % 20 == 0:
            report(step + 1, {})
    return average.module.eval()


def mask_logits(model: Any, images: Tensor, ids: Tensor) -> Tensor:
    """Logits (B * K, 1, H, W) of images (B, 3, H, W) with K expressions each, ids (B, K, L); 0 is padding.

    Each image is encoded once. Works for any model with `encode` and `decode` like SaFiRe's.
    """
    k = ids.shape[1]
    ids = ids.flatten(0, 1)
    ids = ids[:, : int((ids > 0).sum(1).max())]
    with torch.autocast(images.device.type, torch.bfloat16, enabled=images.device.type == "cuda"):
        levels = [level.repeat_interleave(k, 0) for level in model.encode(images)]
        logits = model.decode(levels, ids, ids > 0, (images.shape[-2], images.shape[-1]))
    return logits.float()


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
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]


def _resume(folder: Path, model: nn.Module, average: nn.Module, optimizer: Any, recipe: Recipe) -> int:
    file = folder / "checkpoint.pt"
    if not file.exists():
        return 0
    state = torch.load(file, map_location="cpu", weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ValueError(f"{file} belongs to another recipe: use another --out, or --fresh to begin anew")
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _save(
    folder: Path, step: int, model: nn.Module, average: nn.Module, optimizer: Any, recipe: Recipe
) -> None:
    state = {
        "step": step,
        "recipe": asdict(recipe),
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, folder / "checkpoint.tmp")
    os.replace(folder / "checkpoint.tmp", folder / "checkpoint.pt")


def _log(folder: Path, step: int, row: dict[str, float]) -> None:
    """Append to log.csv, forgetting rows that a resumed run makes again."""
    file = folder / "log.csv"
    rows = []
    if file.exists():
        with file.open(newline="") as lines:
            rows = [r for r in csv.DictReader(lines) if int(r["step"]) < step]
    new = {"step": str(step)} | {key: f"{value:.6g}" for key, value in row.items()}
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(new))
        writer.writeheader()
        writer.writerows([*rows, new])
