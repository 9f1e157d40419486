"""Trains SaFiRe on the scenes: the recipe behind the packaged tiny weights.

The paper starts from Swin weights trained on ImageNet. Here the backbone first learns to name the kind and
the colours of every pixel of the training scenes; then the whole model learns from expressions.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from baselines.safire.config import TINY, SaFiReConfig
from baselines.safire.model import SaFiRe, normalise
from baselines.safire.predictor import tiny_tokenizer
from baselines.train.loop import Report, fit, mask_iou, mask_logits, mask_loss
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit
from rebench.scenes.split import LOOKS, ScenesSplit

NAMING_STEPS = 1_500
"""Steps in which the backbone learns to name what it sees, before any expression."""


def train(
    variant: str | None,
    train: ScenesSplit,
    val: ScenesSplit,
    out: Path,
    device: str,
    options: Mapping[str, Any],
    report: Report,
    fresh: bool = False,
) -> Path:
    """Train `safire:tiny` and write its averaged weights, in half precision, to `out`/model.safetensors.

    Args:
        options: fields of the Recipe that differ from its defaults.
    """
    if variant != "tiny":
        raise ValueError(f"safire has a training recipe for 'tiny' only, not for {variant!r}")
    recipe = Recipe(**options)
    tokenizer = tiny_tokenizer()
    torch.manual_seed(recipe.seed)
    model = SaFiRe(replace(TINY, vocabulary=tokenizer.size)).to(device)
    model.backbone.load_state_dict(_named_backbone(train, out / "naming", device, recipe, report, fresh))
    seen, unseen = (TensorSplit.of(split, tokenizer, recipe.expressions, device) for split in (train, val))

    def loss_of(model: nn.Module, step: int) -> Tensor:
        images, ids, masks = seen.batch(step, recipe.images, recipe.seed)
        return mask_loss(mask_logits(model, normalise(images, TINY.image_size), ids), masks, recipe)

    @torch.no_grad()
    def check(model: nn.Module) -> dict[str, float]:
        found = []
        for images, ids, masks in unseen.in_order(32):
            found.append(mask_iou(mask_logits(model, normalise(images, TINY.image_size), ids), masks))
        return {"val_miou": torch.cat(found).mean().item()}

    trained = fit(model, loss_of, check, recipe, out, report, fresh)
    state = {k: v.half() if v.is_floating_point() else v for k, v in trained.cpu().state_dict().items()}
    file = out / "model.safetensors"
    save_file(state, file, {"model": "safire:tiny", "trained_on": train.name, "seed": str(recipe.seed)})
    return file


class Namer(nn.Module):
    """A Swin with one linear layer that names the looks of every position of its finest level."""

    def __init__(self, config: SaFiReConfig) -> None:
        super().__init__()
        self.backbone = SaFiRe(config).backbone
        self.sizes = [len(names) + 1 for names in LOOKS.values()]
        self.names = nn.Conv2d(sum(config.widths), sum(self.sizes), 1)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Logits (B, names, h, w) per layer of the looks."""
        maps = self.backbone(images).feature_maps
        size = maps[0].shape[-2:]
        joined = [interpolate(m, size, mode="bilinear", align_corners=False) for m in maps]
        return list(self.names(torch.cat(joined, 1)).split(self.sizes, 1))


def _named_backbone(
    train: ScenesSplit, folder: Path, device: str, recipe: Recipe, report: Report, fresh: bool
) -> Mapping[str, Tensor]:
    """The state of a backbone that has learnt to name what it sees."""
    recipe = replace(recipe, steps=min(NAMING_STEPS, recipe.steps), warmup=100, ema=0.99, check_every=250)
    namer = Namer(replace(TINY, vocabulary=2)).to(device)
    image_ids = [image_id for image_id, _ in groupby(train.samples, key=lambda s: s.image_id)]

    def loss_of(model: nn.Module, step: int) -> Tensor:
        chosen = np.random.default_rng((recipe.seed, step)).integers(len(image_ids), size=2 * recipe.images)
        images = np.stack([train.image(image_ids[i]) for i in chosen])
        looks = np.stack([train.looks(image_ids[i]) for i in chosen])[:, 2::4, 2::4]
        targets = torch.from_numpy(looks).long().to(device).permute(3, 0, 1, 2)
        named = model(normalise(torch.from_numpy(images).to(device), TINY.image_size))
        losses = [cross_entropy(a, b) for a, b in zip(named, targets, strict=True)]
        return torch.stack(losses).sum()

    named = fit(namer, loss_of, lambda _: {}, recipe, folder, report, fresh)
    return named.backbone.state_dict()
