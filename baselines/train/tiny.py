"""One recipe for the tiny variants of all models, so that they differ by their design alone.

The papers start from weights trained on ImageNet, from SAM, CLIP and BERT. Here the trunk first learns to
name what it sees and where it is, then the whole model what single words look like, then it learns from
expressions.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, l1_loss, pixel_shuffle

from baselines.nn.files import make_folder, whole
from baselines.nn.images import normalised
from baselines.nn.losses import dice_loss, focal_loss, membership_loss
from baselines.nn.scene_words import MAX_WORDS, scene_tokenizer
from baselines.train.loop import Report, fit, mask_loss, success
from baselines.train.phrases import make_phrase
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit
from rebench.scenes.split import LOOKS, ScenesSplit

NAMING_GRID = 24
"""Places per side, at the least, at which the trunk names what it sees."""
PLACE = 4
"""What is said of where a thing is: the middle, across and down, its width and its height."""


@dataclass(frozen=True)
class Tiny:
    """What the recipe needs of a tiny variant.

    Attributes:
        name: of the model.
        image_size: S, side of its square input in pixels.
        build: the untrained model for a word list of a size.
        trunk: the part of a model that looks at the picture alone.
        maps: a trunk and images (B, 3, S, S) to its maps (B, C_i, H_i, W_i), finest first.
        logits: a model, images (B, 3, S, S) and K expressions each, ids (B, K, MAX_WORDS), to logits
            (B * K, 1, S, S).
        differs: fields of the Recipe in which this model departs from the one for all.
    """

    name: str
    image_size: int
    build: Callable[[int], nn.Module]
    trunk: Callable[[Any], nn.Module]
    maps: Callable[[Any, Tensor], list[Tensor]]
    logits: Callable[[Any, Tensor, Tensor], Tensor]
    differs: Mapping[str, Any] = field(default_factory=dict)

    def train(
        self,
        variant: str | None,
        train: ScenesSplit,
        val: ScenesSplit,
        out: Path,
        device: str,
        options: Mapping[str, Any],
        report: Report,
        fresh: bool = False,
    ) -> Path:
        """Train the variant "tiny" and write its averaged weights to `out`/model.safetensors.

        Checkpoints and logs of the three stages go to `out` as well.

        Args:
            options: fields of the Recipe that differ from the model's.

        Raises:
            ValueError: another variant, or an option that is no field.
        """
        if variant != "tiny":
            raise ValueError(f"{self.name} is trained on scenes as 'tiny' only, not as {variant!r}")
        recipe = Recipe(**{**self.differs, **options})
        make_folder(out)
        torch.manual_seed(recipe.seed)
        model = self.build(scene_tokenizer().size).to(device)
        seen, unseen = (
            TensorSplit.of(split, scene_tokenizer(), recipe.expressions, device) for split in (train, val)
        )
        looks = Looks(train, seen)
        facts = {"model": f"{self.name}:tiny", "trained_on": train.name}
        train_stage = partial(fit, report=report, fresh=fresh, about=facts)
        _name(self, model, seen, looks, recipe, out / "naming", train_stage)
        _ground(self, model, seen, looks, recipe, out / "grounding", train_stage)

        def loss_of(model: nn.Module, step: int) -> Tensor:
            batch = seen.batch(step, recipe.images, recipe.seed)
            return mask_loss(self.answer(model, batch), batch, recipe)

        @torch.no_grad()
        def check(model: nn.Module) -> dict[str, float]:
            found = [success(self.answer(model, batch), batch) for batch in unseen.in_order(20)]
            ious, picked = (torch.cat(column) for column in zip(*found, strict=True))
            return {"val_miou": ious.mean().item(), "val_picked": picked.mean().item()}

        trained = train_stage(model, loss_of, check, recipe, out)
        file = out / "model.safetensors"
        export(trained, file, {**facts, "recipe": json.dumps(asdict(recipe))})
        return file

    def answer(self, model: nn.Module, batch: TensorSplit, ids: Tensor | None = None) -> Tensor:
        """Logits (B * K, 1, H, W) at the size of the pictures, for their own expressions or for others."""
        ids = batch.ids if ids is None else ids
        padded = ids.new_zeros(*ids.shape[:2], MAX_WORDS)
        padded[..., : ids.shape[2]] = ids
        images = normalised(batch.images, self.image_size)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=images.device.type == "cuda"):
            logits = self.logits(model, images, padded)
        return interpolate(logits.float(), batch.images.shape[1:3], mode="bilinear", align_corners=False)


def export(model: nn.Module, file: Path, facts: Mapping[str, str]) -> None:
    """Write weights as safetensors, matrices in half precision.

    Vectors stay whole: a running variance can be larger than half precision holds, and became infinite once.
    Equal weights and facts give equal files.
    """
    state = {
        name: (value.half() if value.is_floating_point() and value.ndim >= 2 else value).cpu().contiguous()
        for name, value in model.state_dict().items()
    }
    content = save(state, dict(facts))
    length = int.from_bytes(content[:8], "little")
    # safetensors writes the facts in any order; sorted, equal weights are equal files
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":"))
    padded = header.encode("ascii").ljust(-(-len(header) // 8) * 8)
    with whole(file) as part:
        part.write_bytes(len(padded).to_bytes(8, "little") + padded + content[8 + length :])


class Namer(nn.Module):
    """A trunk with one linear layer that names looks and place of what is seen at every position."""

    def __init__(self, tiny: Tiny, trunk: nn.Module, device: str) -> None:
        super().__init__()
        self.maps, self.trunk = tiny.maps, trunk
        self.sizes = [len(names) + 1 for names in LOOKS.values()]
        with torch.no_grad():
            maps = tiny.maps(trunk, torch.zeros(2, 3, tiny.image_size, tiny.image_size, device=device))
        self.finer = -(-NAMING_GRID // maps[0].shape[-1])  # a coarse map names several places per position
        self.grid = self.finer * maps[0].shape[-1]
        names = sum(self.sizes) + PLACE
        self.names = nn.Conv2d(sum(m.shape[1] for m in maps), names * self.finer**2, 1)

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Logits (B, names, grid, grid) per layer of the looks, and the place (B, PLACE, grid, grid)."""
        maps = self.maps(self.trunk, images)
        size = maps[0].shape[-2:]
        joined = [interpolate(m, size, mode="bilinear", align_corners=False) for m in maps]
        *looks, place = pixel_shuffle(self.names(torch.cat(joined, 1)), self.finer).split(
            [*self.sizes, PLACE], 1
        )
        return looks, place


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
            looks = self.of[index]
            middles = places(owners[b : b + 1], len(looks) + 1)[0, 1:, 0].double().cpu().numpy()
            for k in range(count):
                phrase = make_phrase(looks, middles, rng)
                texts.append(phrase.text)
                fits[b, k, : len(looks)] = torch.from_numpy(phrase.fits)
        return texts, fits


def places(owners: Tensor, count: int) -> Tensor:
    """Where every instance is, (B, count, PLACE), in shares of the picture; 0 for one without a pixel.

    Args:
        owners: (B, H, W) integers below `count`, the number of the instance seen at every pixel.
    """
    member = owners[:, None] == torch.arange(count, device=owners.device)[:, None, None]
    spans = []
    for axis in (3, 2):  # across, then down
        touched = member.any(5 - axis)  # (B, count, W) or (B, count, H)
        steps = (torch.arange(touched.shape[2], device=owners.device) + 0.5) / touched.shape[2]
        low = torch.where(touched, steps, torch.inf).amin(2)
        high = torch.where(touched, steps, -torch.inf).amax(2)
        spans.append((low, high))
    (left, right), (top, bottom) = spans
    found = torch.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], 2)
    return found.masked_fill(~member.flatten(2).any(2, keepdim=True), 0.0)


def _name(
    tiny: Tiny,
    model: nn.Module,
    seen: TensorSplit,
    looks: Looks,
    recipe: Recipe,
    folder: Path,
    train_stage: Callable[..., nn.Module],
) -> None:
    """Teach the trunk of a model to name what it sees, and where it is."""
    recipe = Recipe(
        steps=min(recipe.naming, recipe.steps),
        images=2 * recipe.images,
        lr=recipe.naming_lr,
        warmup=100,
        ema=0.99,
        check_every=recipe.check_every,
        seed=recipe.seed,
    )
    device = seen.images.device
    trunk = tiny.trunk(model)
    frozen = [p for p in trunk.parameters() if not p.requires_grad]  # they learn to name, and nothing else
    namer = Namer(tiny, trunk, str(device)).requires_grad_(True).to(device)

    def loss_of(model: nn.Module, step: int) -> Tensor:
        chosen = np.random.default_rng((recipe.seed, step)).integers(len(seen), size=recipe.images)
        batch, table = seen[torch.from_numpy(chosen).to(device)], looks.table[torch.from_numpy(chosen)]
        middle = ((torch.arange(namer.grid) + 0.5) * batch.owners.shape[1] / namer.grid).long().to(device)
        owners = batch.owners[:, middle][:, :, middle].long()
        pictures = torch.arange(len(owners), device=device)[:, None, None]
        targets = table.to(device)[pictures, owners].permute(3, 0, 1, 2)
        where = places(batch.owners, table.shape[1])[pictures, owners].permute(0, 3, 1, 2)
        named, place = model(normalised(batch.images, tiny.image_size))
        losses = [cross_entropy(a, b) for a, b in zip(named, targets, strict=True)]
        thing = (owners > 0)[:, None].expand_as(place)
        return torch.stack(losses).sum() + 4 * l1_loss(place[thing], where[thing])

    named = train_stage(namer, loss_of, lambda _: {}, recipe, folder)
    trunk.load_state_dict(named.get_submodule("trunk").state_dict())
    for parameter in frozen:
        parameter.requires_grad_(False).grad = None


def _ground(
    tiny: Tiny,
    model: nn.Module,
    seen: TensorSplit,
    looks: Looks,
    recipe: Recipe,
    folder: Path,
    train_stage: Callable[..., nn.Module],
) -> None:
    """Teach a model what words look like, from phrases that mean all they fit."""
    steps = min(recipe.grounding, recipe.steps)
    recipe = replace(recipe, steps=steps, lr=recipe.grounding_lr, warmup=100, ema=0.99)
    device = seen.images.device

    def loss_of(model: nn.Module, step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        chosen = torch.from_numpy(rng.integers(len(seen), size=recipe.images))
        batch = seen[chosen.to(device)]
        texts, fits = looks.phrases(chosen, batch.owners, recipe.expressions, rng)
        ids = scene_tokenizer()(texts)[0].view(len(chosen), recipe.expressions, -1).to(device)
        logits = tiny.answer(model, batch, ids)
        meant = torch.cat([torch.zeros_like(fits[..., :1]), fits[..., :-1]], 2).to(device)  # 0 is nobody
        masks = torch.stack([m[:, o.long()] for m, o in zip(meant, batch.owners, strict=True)]).float()
        targets = masks.flatten(0, 1)[:, None]
        small = logits[:, 0].unflatten(0, fits.shape[:2])[..., 1::4, 1::4]
        membership = membership_loss(small, batch.owners[:, 1::4, 1::4], fits.to(device))
        return 0.5 * dice_loss(logits, targets) + 0.5 * focal_loss(logits, targets) + 0.5 * membership

    grounded = train_stage(model, loss_of, lambda _: {}, recipe, folder)
    model.load_state_dict(grounded.state_dict())
