"""What a model must offer to be evaluated: one method. The rest is optional."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Image

MaskOrLogits = NDArray[np.bool_] | NDArray[np.floating[Any]]
"""A bool mask (H, W) at the size of the picture, or float logits (h, w) of any size over the whole
picture (a positive logit means: belongs to the referent)."""


@runtime_checkable
class Predictor(Protocol):
    """Anything with `predict`: the whole contract between a model and the suite."""

    def predict(self, image: Image, expressions: list[str]) -> Sequence[MaskOrLogits]:
        """One mask per expression, in order. `image` is uint8 (H, W, 3) RGB."""


@runtime_checkable
class EncodingPredictor(Predictor, Protocol):
    """A predictor that looks at a picture once and answers many expressions from that."""

    def encode(self, image: Image) -> Any:
        """Everything that depends on the picture alone."""

    def decode(self, encoded: Any, expressions: list[str]) -> Sequence[MaskOrLogits]:
        """One mask per expression; `decode(encode(image), e)` equals `predict(image, e)`."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a predictor says of itself, as its attribute `card`; optional, written into run.json.

    Attributes:
        weights: a name for the weights ("tiny-scenes-v1"), a file name, or None for no weights.
        weights_sha256: hash of the weights file.
        trained_on: splits whose images the weights have seen.
        backend: what computes the scan, where the model has one.
        warning: one line that the output and run.json must carry ("scores mean nothing here").
    """

    name: str
    variant: str | None = None
    weights: str | None = None
    weights_sha256: str | None = None
    parameters: int | None = None
    licence: str | None = None
    paper: str | None = None
    trained_on: tuple[str, ...] = ()
    backend: str | None = None
    dtype: str | None = None
    warning: str | None = None
