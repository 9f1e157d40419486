"""Trains SaFiRe on a split of the scenes: the recipe behind the packaged tiny weights."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from baselines.safire.config import TINY
from baselines.safire.model import SaFiRe, normalise
from baselines.safire.predictor import tiny_tokenizer
from baselines.train.loop import Report, fit
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit
from rebench.data.split import Split


def train(
    variant: str | None,
    train: Split,
    val: Split,
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
    data = [TensorSplit.of(split, tokenizer, recipe.expressions, device) for split in (train, val)]
    trained = fit(model, partial(normalise, size=TINY.image_size), *data, recipe, out, report, fresh)
    state = {k: v.half() if v.is_floating_point() else v for k, v in trained.cpu().state_dict().items()}
    file = out / "model.safetensors"
    save_file(state, file, {"model": "safire:tiny", "trained_on": train.name, "seed": str(recipe.seed)})
    return file
