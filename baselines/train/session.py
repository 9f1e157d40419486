"""A training by a paper's recipe on splits from disk: from a request to weights that `rebench run` takes."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from baselines.nn.files import make_folder, whole
from baselines.train.batchnorm import share_batch_norms
from baselines.train.examples import Examples, Feed
from baselines.train.learner import Learner, Start
from baselines.train.optimise import Plan, optimise
from baselines.train.paper import PaperRecipe
from baselines.train.precision import Precision
from baselines.train.processes import Processes
from baselines.train.validate import validate
from rebench.errors import RebenchError
from rebench.predict.trainers import Progress, Request

SCHEMA_VERSION = 1


def train(kind: type[Learner], request: Request, progress: Progress) -> Path:
    """Train a model; the same request continues where it was.

    Writes into `request.out`: `model.safetensors` (the best weights by the validation), `last.safetensors`,
    `recipe.json`, `log.csv`, `checkpoint.pt`.

    Returns:
        The file of the best weights.

    Raises:
        RebenchError: unknown recipe, field or variant; weights that do not fit; a checkpoint of another
            request; a loss that is no number.
    """
    with Processes.join(request.device) as processes:
        return _train(kind, request, progress, processes)


def _train(kind: type[Learner], request: Request, progress: Progress, processes: Processes) -> Path:
    recipe = kind.recipe(request.recipe, request.settings, [split.name for split in request.train])
    variant = kind.find_variant(request.variant)
    make_folder(request.out)  # before minutes are spent on reading weights
    torch.manual_seed(recipe.seed)
    learner = kind(variant, recipe, Start(request.backbone, request.text))
    model = learner.model.to(processes.device)
    if processes.world > 1:
        share_batch_norms(model)
    examples = Examples(
        request.train, learner.picture, learner.mask, recipe.sentences, recipe.overlap, request.without
    )
    feed = Feed(examples, recipe.batch, recipe.accumulate, recipe.seed, processes, request.threads)
    facts = _facts(kind, variant, recipe, request)
    plan = _plan(recipe, feed.per_epoch, {**asdict(recipe), **facts, "manifest": examples.manifest.sha256})
    best = request.out / "model.safetensors"

    def ready(step: int) -> None:
        _write_recipe(request.out, recipe, facts, examples, plan, processes)
        learner.save_tokenizer(request.out)
        progress.begin(step, plan.steps)

    def loss_of(model: Any, step: int, part: int) -> Tensor:
        batch = feed.batch(step, part)
        ids, real = learner.tokenizer(batch.expressions)
        moved = (t.to(processes.device, non_blocking=True) for t in (batch.images, ids, real, batch.masks))
        *inputs, masks = moved
        logits = learner.logits(model, *inputs).float()
        return recipe.loss(logits, reduced(masks, logits))

    def check(model: Any) -> dict[str, float]:
        found = validate(learner.predictor(model), request.val, recipe.protocol, processes)
        return {f"val_{name}": value for name, value in found.items()}

    try:
        trained = optimise(
            model,
            _optimizer(recipe, learner.groups(recipe)),
            lambda step, group: recipe.rate_at(step, feed.per_epoch, group["peak"]),
            loss_of,
            check,
            plan,
            request.out,
            progress.report,
            fresh=request.fresh,
            ready=ready,
            keep=lambda model: learner.save(model, best, facts),
            tensorboard=request.tensorboard,
            processes=processes,
            precision=_precision(recipe, processes.device),
        )
    finally:
        feed.close()
    if processes.first:
        learner.save(trained, request.out / "last.safetensors", facts)
        if not best.exists():
            raise RebenchError(f"the best weights {best} were there and are gone: --fresh trains anew")
    return best


def reduced(masks: Tensor, logits: Tensor) -> Tensor:
    """Masks (B, 1, H, W) at the size of the logits; in smaller ones a pixel is the share that is covered."""
    size = (logits.shape[-2], logits.shape[-1])
    return masks if masks.shape[-2:] == size else adaptive_avg_pool2d(masks, size)


def _precision(recipe: PaperRecipe, device: str) -> Precision:
    kind = device.partition(":")[0]
    return Precision.of("no" if kind == "cpu" else recipe.amp, kind)


def _optimizer(recipe: PaperRecipe, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    if not groups:
        raise RebenchError("every rate of the recipe is 0: there is nothing to train")
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[recipe.optimizer]
    return kind(groups, betas=recipe.betas, eps=recipe.eps)


def _plan(recipe: PaperRecipe, per_epoch: int, identity: Mapping[str, Any]) -> Plan:
    return Plan(
        identity=identity,
        steps=recipe.epochs * per_epoch,
        check_every=recipe.check_every * per_epoch,
        save_every=recipe.save_every,
        accumulate=recipe.accumulate,
        clip=recipe.clip,
        ema=recipe.ema,
        select=f"val_{recipe.select}",
        seed=recipe.seed,
    )


def _facts(kind: type[Learner], variant: str, recipe: PaperRecipe, request: Request) -> dict[str, str]:
    """What the weights say of themselves; all values are text, as safetensors wants them."""
    return {
        "model": f"{kind.name}:{variant}",
        "trained_on": ",".join(split.name for split in request.train),
        "dropped_images": str(len(request.without)),
        "dropped_for": ",".join(request.judged) if request.without else "",
        "validated_on": request.val.name,
        "recipe": request.recipe or kind.name,
        "backbone": request.backbone or "as the paper",
        "text": request.text or "as the paper",
        "seed": str(recipe.seed),
    }


def _write_recipe(
    out: Path,
    recipe: PaperRecipe,
    facts: Mapping[str, str],
    examples: Examples,
    plan: Plan,
    processes: Processes,
) -> None:
    """`recipe.json`: all that decides the weights, and where they are made."""
    document = {
        "schema_version": SCHEMA_VERSION,
        **facts,
        "fields": asdict(recipe),
        "examples": len(examples),
        "manifest_sha256": examples.manifest.sha256,
        "steps": plan.steps,
        "processes": processes.world,
        "device": processes.device,
        "torch": str(torch.__version__),
    }
    with whole(out / "recipe.json") as part:
        part.write_text(json.dumps(document, indent=1) + "\n")
