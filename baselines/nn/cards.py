"""The card of a model of ours: from its entry in the list of variants and from its weights."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError, safe_open
from torch import nn

from baselines.ops.backends import choose
from rebench.errors import RebenchError
from rebench.predict.interface import UNTRAINED, ModelCard, Variant

C = TypeVar("C")


def card_of(
    name: str,
    variant: Variant,
    model: nn.Module,
    weights: Path | str,
    device: str,
    *,
    packaged: bool = False,
    scans: bool = True,
    warning: str | None = None,
    seed: int = 0,
) -> ModelCard:
    """The card of a loaded model.

    Args:
        weights: the file they came from, or "untrained".
        packaged: whether that file is the one the variant names.
        device: where it computes, which decides what computes its scan.
        scans: whether it has a scan.
        warning: what its output must carry in any case.
        seed: of untrained weights.
    """
    common: dict[str, Any] = {
        "name": name,
        "variant": variant.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "paper": variant.paper,
        "backend": choose(device) if scans else None,
        "dtype": "float32",
    }
    if weights == UNTRAINED:
        said = "these weights are random: the scores mean nothing"
        warning = f"{said}; {warning}" if warning else said
        return ModelCard(**common, weights=f"{UNTRAINED}, seed {seed}", warning=warning)
    file = Path(weights)
    return ModelCard(
        **common,
        weights=file.stem if packaged else file.name,
        weights_sha256=_sha256(file),
        licence=variant.licence if packaged else None,
        trained_on=variant.trained_on if packaged else _trained_on(file),
        warning=warning,
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def metadata(file: Path) -> dict[str, str]:
    """What a safetensors file says of itself; nothing for another kind of file, or a damaged one."""
    if file.suffix != ".safetensors":
        return {}
    try:
        with safe_open(file, "pt") as content:
            return dict(content.metadata() or {})
    except (OSError, SafetensorError):
        return {}  # whoever reads its tensors will say so


def config_in(file: Path, model: str, read: Callable[[Any], C], otherwise: C) -> C:
    """The configuration that a weights file of ours holds under the model's name.

    Args:
        read: makes it of what the JSON there says.
        otherwise: where the file says nothing.

    Raises:
        RebenchError: it says something that is no configuration.
    """
    said = metadata(file).get(model.lower())
    if said is None:
        return otherwise
    try:
        return read(json.loads(said))
    except (ValueError, TypeError, AttributeError) as error:
        raise RebenchError(f"{file} does not say what {model} it is of: {error}") from error


def _trained_on(file: Path) -> tuple[str, ...]:
    """The splits that a weights file names, separated by commas under "trained_on"."""
    names = metadata(file).get("trained_on", "").split(",")
    return tuple(name.strip() for name in names if name.strip())
