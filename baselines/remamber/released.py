"""The released weights: their tensors by name, into a model of their shape."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from baselines.nn.checkpoint import adopt, as_tensors
from baselines.remamber.config import Decoder, ReMamberConfig, Variant
from baselines.remamber.model import ReMamber

_log = logging.getLogger(__name__)

TEXT = "text_encoder."


def from_released(
    state_dict: Mapping[str, Any],
    decoder: Decoder = "conv",
    *,
    text_encoder: nn.Module | None = None,
    variant: Variant = "released",
    strict: bool = True,
    **config: Any,
) -> ReMamber:
    """A ReMamber with released weights, in evaluation mode and in the type of its weights.

    Args:
        state_dict: tensors or arrays by their released names. Decoder tensors may stand under "conv.decoder."
            and "mamba.decoder.", of which those of the other decoder are left. They are copied.
        decoder: which decoder they have.
        text_encoder: takes the tensors of the text encoder, if there are any; without it they are left, which
            the log says.
        variant: "released" computes what the release does; "paper" repairs its oddities (see the README).
        strict: whether missing and unexpected tensors are errors; otherwise they are logged and what is
            missing stays as it is initialised.
        config: fields of `ReMamberConfig` that are not to be read from the tensors. Stochastic depth is a
            matter of training and not of the weights: it is 0 unless `drop_path` is given.

    Raises:
        RebenchError: weights that do not fit, with a list; unknown options.
    """
    tensors = _own_names(as_tensors(state_dict), decoder)
    shape = ReMamberConfig.of(tensors, decoder=decoder, variant=variant, **({"drop_path": 0.0} | config))
    said = {k.removeprefix(TEXT): tensors.pop(k) for k in list(tensors) if k.startswith(TEXT)}
    with torch.device("meta" if strict else "cpu"):
        model = ReMamber(shape)
    adopt(model, tensors, "these weights", strict)
    if text_encoder is None and said:
        _log.info("left %d tensors of the text encoder: there is none to take them", len(said))
    elif text_encoder is not None:
        model.text_encoder = text_encoder
        if said:
            adopt(text_encoder, said, "the text encoder's weights", strict)
    return model.eval()


def _own_names(tensors: Mapping[str, Tensor], decoder: str) -> dict[str, Tensor]:
    other = "mamba" if decoder == "conv" else "conv"
    return {k.removeprefix(f"{decoder}."): v for k, v in tensors.items() if not k.startswith(f"{other}.")}
