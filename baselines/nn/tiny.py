"""The tiny variants of all models behind their `load`: one word list, weights from a file or from a seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from baselines.nn.checkpoint import adopt, as_tensors, read_state
from baselines.nn.scene_words import scene_tokenizer
from baselines.nn.text import WordTokenizer
from baselines.nn.untrained import seeded
from rebench.predict.interface import UNTRAINED


def load_tiny(build: Callable[[int], nn.Module], weights: Path | str, seed: int) -> tuple[Any, WordTokenizer]:
    """A tiny model and its tokenizer, whose rows have one length.

    Args:
        build: the untrained model for a word list of a size.
        weights: a file with the whole state, or "untrained".
        seed: of untrained weights.

    Raises:
        RebenchError: weights that cannot be read or do not fit.
    """
    tokenizer = scene_tokenizer(fixed=True)
    with seeded(seed):
        model = build(tokenizer.size)
    if weights != UNTRAINED:
        adopt(model, as_tensors(read_state(weights)), f"the weights of {weights}")
    return model, tokenizer
