"""What the training of a model in its paper's size must know of it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.nn.checkpoint import read_state
from baselines.nn.files import write_tensors
from baselines.nn.images import squashed, squashed_mask
from baselines.nn.text import Tokenizer
from baselines.nn.vmamba import VMamba, VMambaConfig
from baselines.train.paper import PaperRecipe
from rebench.errors import RebenchError
from rebench.predict.interface import Predictor

if TYPE_CHECKING:
    from rebench.predict.trainers import Progress, Request

NOTHING = "none"
"""Instead of a source of weights: begin with random ones."""


@dataclass(frozen=True, slots=True)
class Start:
    """What the encoders begin with: a file, a folder, a name on the Hugging Face hub, or "none".

    None is what the paper begins with, where the hub has it.
    """

    backbone: str | None = None
    text: str | None = None


class Learner(ABC):
    """A model to be trained, and everything about it that the training does not decide.

    Attributes:
        name: as registered.
        recipes: how it can be trained, by name; the one of its own name is the default.
        variants: those that can be trained so, the default first.
        text_part, backbone_part: beginnings of the names of the parameters of the encoders.
        model: an nn.Module with `config`.
        tokenizer: expressions to ids and which are real.
    """

    name: ClassVar[str]
    recipes: ClassVar[Mapping[str, PaperRecipe]]
    variants: ClassVar[tuple[str, ...]] = ("base",)
    text_part: ClassVar[tuple[str, ...]] = ("text_encoder.",)
    backbone_part: ClassVar[tuple[str, ...]]
    model: Any
    tokenizer: Tokenizer

    @abstractmethod
    def __init__(self, variant: str, recipe: PaperRecipe, start: Start) -> None:
        """An untrained model with its encoders' starting weights. Raises RebenchError if these do not fit."""

    @abstractmethod
    def logits(self, model: Any, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """Mask logits (B, 1, h, w), one expression per image."""

    @abstractmethod
    def predictor(self, model: Any) -> Predictor:
        """The model (or a copy of it) as the suite evaluates it."""

    def picture(self, image: NDArray[np.uint8]) -> Tensor:
        """A picture uint8 (H, W, 3) as the model's predictor prepares it: (3, S, S)."""
        return squashed(image, self.model.config.image_size)

    def mask(self, mask: NDArray[np.bool_]) -> Tensor:
        """A mask bool (H, W) where `picture` puts it: float (1, S, S)."""
        return squashed_mask(mask, self.model.config.image_size)[None].float()

    def state(self, model: Any) -> Mapping[str, Tensor]:
        """The tensors that the model's `load` wants in a weights file."""
        return dict(model.state_dict())

    def said(self) -> Mapping[str, str]:
        """What a weights file says beside its configuration and the facts of the training."""
        return {}

    def save(self, model: Any, file: Path, facts: Mapping[str, str]) -> None:
        """Write weights as the model's `load` reads them, whole or not at all."""
        said = {self.name: json.dumps(asdict(model.config)), **self.said(), **facts}
        write_tensors(self.state(model), file, said)

    def save_tokenizer(self, folder: Path) -> None:  # noqa: B027 - most find theirs on the hub
        """Put the tokenizer beside the weights, if `load` looks for it there and it is from a folder."""

    def groups(self, recipe: PaperRecipe) -> list[dict[str, Any]]:
        """The parameters for the optimizer, by rate and decay; what has the rate 0 is frozen."""
        groups: dict[tuple[str, bool], dict[str, Any]] = {}
        peaks = {
            "text": recipe.lr if recipe.lr_text is None else recipe.lr_text,
            "backbone": recipe.lr if recipe.lr_backbone is None else recipe.lr_backbone,
            "new": recipe.lr,
        }
        for name, parameter in self.model.named_parameters():
            part = self.part(name)
            if not parameter.requires_grad or not peaks[part]:
                parameter.requires_grad_(False)
                continue
            decays = recipe.decay == "all" or parameter.ndim >= 2
            group = {
                "name": part,
                "peak": peaks[part],
                "lr": peaks[part],
                "weight_decay": recipe.weight_decay if decays else 0.0,
                "params": [],
            }
            groups.setdefault((part, decays), group)["params"].append(parameter)
        return list(groups.values())

    def part(self, parameter: str) -> str:
        """The part that a parameter belongs to: "text", "backbone" or "new"."""
        if parameter.startswith(self.text_part):
            return "text"
        return "backbone" if parameter.startswith(self.backbone_part) else "new"

    @classmethod
    def recipe(cls, name: str | None, settings: Iterable[str], splits: Iterable[str]) -> PaperRecipe:
        """A recipe with its changes, for these splits. Raises RebenchError if a name or value is wrong."""
        name = name or cls.name
        if name not in cls.recipes:
            near = get_close_matches(name, cls.recipes, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise RebenchError(f"{cls.name} has no recipe {name!r}: {hint}it has {', '.join(cls.recipes)}")
        return cls.recipes[name].changed(settings).for_splits(splits)

    @classmethod
    def find_variant(cls, name: str | None) -> str:
        """The variant of a name, without one the default. Raises RebenchError if it has no paper's recipe."""
        name = name or cls.variants[0]
        if name not in cls.variants:
            raise RebenchError(
                f"{cls.name}:{name} has no recipe of a paper: of {cls.name}, {', '.join(cls.variants)} can "
                "be trained by one"
            )
        return name

    @classmethod
    def train(cls, request: "Request", progress: "Progress") -> Path:
        """Train by a recipe; returns the file of the best weights."""
        from baselines.train.session import train

        return train(cls, request, progress)


@contextmanager
def starting_from(what: str, source: object, remedy: str) -> Iterator[None]:
    """Whatever fails inside becomes one line that names the source and the remedy."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise RebenchError(f"{what} cannot begin with {source} ({reason}): {remedy}") from error


def reachable(source: str) -> str:
    """The same folder or name on the hub; where that is out of reach, it fails here and not once per file."""
    if not Path(source).is_dir():
        from transformers.utils import cached_file

        cached_file(source, "config.json")
    return source


def vmamba_trunk(source: str | None) -> VMamba | None:
    """The trunk of ImageNet weights, None for "none".

    Raises:
        RebenchError: there is no source (the hub has none), or it is no such file.
    """
    if source == NOTHING:
        return None
    if source is None:
        raise RebenchError(
            "training begins with VMamba-B's ImageNet weights (vssm_base_0229_ckpt_epoch_237.pth of "
            "github.com/MzeroMiko/VMamba): give --backbone FILE, or --backbone none for random ones"
        )
    return VMamba.from_imagenet(read_state(source))


def trunk_shape(trunk: VMamba | None) -> dict[str, Any]:
    """The fields of a configuration that the trunk decides."""
    if trunk is None:
        return {}
    found = VMambaConfig.of(trunk.state_dict())
    return {name: getattr(found, name) for name in ("widths", "depths", "states", "ratio", "mlp_ratio")}


def put_trunk(model: nn.Module, trunk: VMamba | None) -> None:
    """Load the trunk's tensors into a model that has them under the same names, beside others."""
    if trunk is None:
        return
    with starting_from("the backbone", "these weights", "they are of another size"):
        _, unexpected = model.load_state_dict(trunk.state_dict(), strict=False)
        if unexpected:
            raise ValueError(f"{len(unexpected)} unexpected tensors, such as {unexpected[0]}")
