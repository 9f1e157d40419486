"""Trains SaFiRe on the scenes: the recipe behind the packaged tiny weights.

The paper starts from Swin weights trained on ImageNet and from BERT. Here the backbone first learns to name
the kind and the colours of every pixel of the training scenes, then the whole model what single words look
like, then it learns from expressions.
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

from baselines.nn.losses import dice_loss, focal_loss, membership_loss
from baselines.nn.text import WordTokenizer
from baselines.safire.config import TINY, SaFiReConfig
from baselines.safire.model import SaFiRe, normalise
from baselines.safire.predictor import tiny_tokenizer
from baselines.train.loop import Report, fit, mask_logits, mask_loss, success
from baselines.train.phrases import make_phrase
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit
from rebench.scenes.split import LOOKS, ScenesSplit

NAMING_STEPS = 1_500
"""Steps in which the backbone learns to name what it sees, before any word."""
GROUNDING_STEPS = 1_500
"""Steps in which the whole model learns what words look like, before any expression."""


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
    """Train `safire:tiny` and write its averaged weights to `out`/model.safetensors.

    Args:
        options: fields of the Recipe that differ from its defaults.
    """
    if variant != "tiny":
        raise ValueError(f"safire has a training recipe for 'tiny' only, not for {variant!r}")
    recipe = Recipe(**options)
    tokenizer = tiny_tokenizer()
    torch.manual_seed(recipe.seed)
    model = SaFiRe(replace(TINY, vocabulary=tokenizer.size)).to(device)
    seen, unseen = (TensorSplit.of(split, tokenizer, recipe.expressions, device) for split in (train, val))
    looks = Looks(train, seen)
    backbone = _named_backbone(seen, looks, out / "naming", recipe, report, fresh)
    model.backbone.load_state_dict(backbone)
    model.load_state_dict(_grounded(model, tokenizer, seen, looks, out / "grounding", recipe, report, fresh))

    def logits_of(model: nn.Module, batch: TensorSplit) -> Tensor:
        return mask_logits(model, normalise(batch.images, TINY.image_size), batch.ids)

    def loss_of(model: nn.Module, step: int) -> Tensor:
        batch = seen.batch(step, recipe.images, recipe.seed)
        return mask_loss(logits_of(model, batch), batch, recipe)

    @torch.no_grad()
    def check(model: nn.Module) -> dict[str, float]:
        found = [success(logits_of(model, batch), batch) for batch in unseen.in_order(32)]
        ious, picked = (torch.cat(column) for column in zip(*found, strict=True))
        return {"val_miou": ious.mean().item(), "val_picked": picked.mean().item()}

    trained = fit(model, loss_of, check, recipe, out, report, fresh)
    file = out / "model.safetensors"
    export(trained, file, {"model": "safire:tiny", "trained_on": train.name, "seed": str(recipe.seed)})
    return file


def export(model: nn.Module, file: Path, facts: Mapping[str, str]) -> None:
    """Write weights as safetensors, matrices in half precision.

    Vectors stay whole: a running variance can be larger than half precision holds, and became infinite once.
    """
    state = {
        name: (value.half() if value.is_floating_point() and value.ndim >= 2 else value).cpu()
        for name, value in model.state_dict().items()
    }
    save_file(state, file, dict(facts))


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


class Looks:
    """What every instance of a split looks like and where it is, in the order of its TensorSplit."""

    def __init__(self, split: ScenesSplit, seen: TensorSplit) -> None:
        self.of = [split.looks(image_id) for image_id, _ in groupby(split.samples, key=lambda s: s.image_id)]
        if len(self.of) != len(seen):
            raise ValueError(f"{split.name} has pictures with fewer expressions than the recipe wants")
        self.table = torch.zeros(len(seen), 2 + max(map(len, self.of)), len(LOOKS), dtype=torch.int64)
        for row, looks in zip(self.table, self.of, strict=True):
            row[1 : 1 + len(looks)] = torch.from_numpy(looks.astype(np.int64))

    def phrases(
        self, chosen: Tensor, owners: Tensor, count: int, rng: np.random.Generator
    ) -> tuple[list[str], Tensor]:
        """`count` phrases for each of the chosen pictures, and what they fit, (B, count, instances)."""
        texts: list[str] = []
        fits = torch.zeros(len(chosen), count, self.table.shape[1], dtype=torch.bool)
        for b, index in enumerate(chosen.tolist()):
            looks, picture = self.of[index], owners[b].cpu().numpy()
            columns = np.arange(picture.shape[1]) / picture.shape[1]
            shares = [(picture == n + 1).sum(0) for n in range(len(looks))]
            middles = np.array([(share * columns).sum() / max(share.sum(), 1) for share in shares])
            for k in range(count):
                phrase = make_phrase(looks, middles, rng)
                texts.append(phrase.text)
                fits[b, k, : len(looks)] = torch.from_numpy(phrase.fits)
        return texts, fits


def _named_backbone(
    seen: TensorSplit, looks: Looks, folder: Path, recipe: Recipe, report: Report, fresh: bool
) -> Mapping[str, Tensor]:
    """The state of a backbone that has learnt to name what it sees."""
    recipe = replace(recipe, steps=min(NAMING_STEPS, recipe.steps), warmup=100, ema=0.99, check_every=250)
    device = seen.images.device
    namer = Namer(replace(TINY, vocabulary=2)).to(device)

    def loss_of(model: nn.Module, step: int) -> Tensor:
        chosen = np.random.default_rng((recipe.seed, step)).integers(len(seen), size=2 * recipe.images)
        batch, table = seen[torch.from_numpy(chosen).to(device)], looks.table[torch.from_numpy(chosen)]
        owners = batch.owners[:, 2::4, 2::4].long()
        targets = torch.stack([rows[where] for rows, where in zip(table.to(device), owners, strict=True)])
        named = model(normalise(batch.images, TINY.image_size))
        losses = [cross_entropy(a, b) for a, b in zip(named, targets.permute(3, 0, 1, 2), strict=True)]
        return torch.stack(losses).sum()

    named = fit(namer, loss_of, lambda _: {}, recipe, folder, report, fresh)
    return named.backbone.state_dict()


def _grounded(
    model: SaFiRe,
    tokenizer: WordTokenizer,
    seen: TensorSplit,
    looks: Looks,
    folder: Path,
    recipe: Recipe,
    report: Report,
    fresh: bool,
) -> Mapping[str, Tensor]:
    """The state of a model that has learnt what words look like, from phrases that mean all they fit."""
    recipe = replace(recipe, steps=min(GROUNDING_STEPS, recipe.steps), warmup=100, ema=0.99, check_every=250)
    device = seen.images.device

    def loss_of(model: nn.Module, step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        chosen = torch.from_numpy(rng.integers(len(seen), size=recipe.images))
        batch = seen[chosen.to(device)]
        texts, fits = looks.phrases(chosen, batch.owners, recipe.expressions, rng)
        ids = tokenizer(texts)[0].view(len(chosen), recipe.expressions, -1).to(device)
        logits = mask_logits(model, normalise(batch.images, TINY.image_size), ids)
        meant = torch.cat([torch.zeros_like(fits[..., :1]), fits[..., :-1]], 2).to(device)  # 0 is nobody
        masks = torch.stack([m[:, o.long()] for m, o in zip(meant, batch.owners, strict=True)]).float()
        targets = masks.flatten(0, 1)[:, None]
        small = logits[:, 0].unflatten(0, fits.shape[:2])[..., 1::4, 1::4]
        membership = membership_loss(small, batch.owners[:, 1::4, 1::4], fits.to(device))
        return 0.5 * dice_loss(logits, targets) + 0.5 * focal_loss(logits, targets) + 0.5 * membership

    grounded = fit(model, loss_of, lambda _: {}, recipe, folder, report, fresh)
    return grounded.state_dict()
