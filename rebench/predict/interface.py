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


UNTRAINED = "untrained"
"""Given as `weights`: random ones, drawn from the seed, to look at what a model costs."""


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


@runtime_checkable
class TruncatingPredictor(Predictor, Protocol):
    """A predictor that says which expressions it cuts short; it is asked before `predict`."""

    def truncated(self, expressions: list[str]) -> Sequence[bool]:
        """One bool per expression."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is known of one variant of a registered model before it is loaded; optional.

    A package offers a sequence of these under the model's name by an entry point `rebench.variants`, in a
    module that imports nothing heavy. The first is the main one.

    Attributes:
        name: what stands after the colon in `--model name:variant`.
        paper: where it is described.
        parameters, trainable: of the whole model, encoders included; and those that training changes.
        image_size: side of the square input in pixels.
        max_words: tokens kept of an expression.
        file: of the packaged weights, relative to the package of the model; None where there are none.
        published: whether weights of it have been published somewhere.
        licence: of the weights.
        trained_on: splits whose images the weights have seen.
        as_published: whether it is the model of the paper, at the paper's size.
        note: one line more.
    """

    name: str
    paper: str | None = None
    parameters: int | None = None
    trainable: int | None = None
    image_size: int | None = None
    max_words: int | None = None
    file: str | None = None
    published: bool = False
    licence: str | None = None
    trained_on: tuple[str, ...] = ()
    as_published: bool = False
    note: str | None = None

    @property
    def weights(self) -> str:
        """Where its weights are, in a word or two."""
        if self.file:
            return "packaged"
        return "give --weights" if self.published else "none published"
