"""How a paper trains its model, as data: every field can be given another value by its name."""

import types
import typing
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from math import cos, pi
from typing import Any, Literal, Self, get_args, get_origin

from torch import Tensor

from baselines.nn.losses import dice_loss, focal_loss
from rebench.data.split import OverlapRule
from rebench.errors import RebenchError


@dataclass(frozen=True, slots=True)
class PaperRecipe:
    """A published recipe, with what its paper leaves open filled in (docs/training.md says where).

    Attributes:
        lr: peak rate of what is new.
        lr_text, lr_backbone: of the text encoder and of the visual backbone; None is `lr`, 0 freezes.
        betas, eps: of the optimizer.
        weight_decay: on the parameters that `decay` names: "all", or "matrices" (no norms, no biases).
        schedule: "cosine" or "poly" (to `lr_end`, the latter with `power`), "milestones" (times `factor` at
            each), or "constant".
        per: whether the rate changes every "step" or every "epoch".
        hold: epochs at the peak before a cosine or poly begins to fall.
        lag: epochs that the schedule runs behind: with 1, epochs 0 and 1 have the same rate.
        warmup: epochs in which the rate rises linearly, step by step.
        epochs: passes over the training data.
        batch: examples per update, of all processes together; an incomplete last batch of an epoch is left.
        accumulate: parts in which a process computes its share of a batch, to need less memory.
        dice, focal, cross_entropy: weights of the losses, on logits of the network's input size, or smaller.
        focal_gamma: of the focal loss.
        ema: decay of an average of all weights, which is then what is kept; None for none.
        amp: "fp16" (with dynamic loss scaling), "bf16" or "no". The CPU computes in float32 whatever it says.
        clip: largest norm of the gradient; None for any.
        drop_path: stochastic depth of the visual backbone.
        image_size: side of the network's square input, in pixels.
        max_words: longest expression in tokens, special ones included; what is longer is cut.
        max_words_of: other lengths by data set; of several the longest counts.
        sentences: "one" of the expressions of a referent per epoch, drawn at random, or "all".
        overlap: how the polygons of one object become its training mask.
        check_every: epochs between validations.
        save_every: steps between checkpoints, beside one per validation.
        select: the validation metric whose best weights are kept.
        protocol: of that metric.
        seed: of everything that is drawn.
    """

    optimizer: Literal["adamw", "adam"] = "adamw"
    lr: float = 5e-5
    lr_text: float | None = None
    lr_backbone: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-4
    decay: Literal["all", "matrices"] = "all"
    schedule: Literal["constant", "cosine", "poly", "milestones"] = "cosine"
    per: Literal["step", "epoch"] = "epoch"
    lr_end: float = 0.0
    power: float = 0.9
    milestones: tuple[int, ...] = ()
    factor: float = 0.1
    hold: int = 0
    lag: int = 0
    warmup: float = 0.0
    epochs: int = 50
    batch: int = 16
    accumulate: int = 1
    dice: float = 0.0
    focal: float = 0.0
    focal_gamma: float = 2.0
    cross_entropy: float = 0.0
    ema: float | None = None
    amp: Literal["no", "fp16", "bf16"] = "no"
    clip: float | None = None
    drop_path: float = 0.1
    image_size: int = 480
    max_words: int = 20
    max_words_of: tuple[tuple[str, int], ...] = ()
    sentences: Literal["one", "all"] = "one"
    overlap: OverlapRule = "union"
    check_every: int = 1
    save_every: int = 1_000
    select: Literal["miou", "oiou"] = "miou"
    protocol: str = "original"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with. Raises RebenchError naming the field."""
        for name in FIELDS:
            values = getattr(self, name)
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, int | float) and not value >= _AT_LEAST.get(name, 0):
                    least = _AT_LEAST.get(name, 0)
                    raise RebenchError(f"recipe: {name} is {value:g}, it must be at least {least}")
                if name in _BELOW_ONE and value is not None and not value < 1:
                    raise RebenchError(f"recipe: {name} is {value:g}, it must be below 1")
        if not self.dice + self.focal + self.cross_entropy > 0:
            raise RebenchError("recipe: no loss has a weight: give dice, focal or cross_entropy one")

    def rate(self, epoch: float, peak: float | None = None) -> float:
        """The learning rate at a time in epochs from 0, of parameters with this peak (else `lr`)."""
        peak = self.lr if peak is None else peak
        if self.schedule == "constant":
            return peak
        if self.schedule == "milestones":
            return peak * self.factor ** sum(epoch >= milestone for milestone in self.milestones)
        passed = min(max(epoch - self.lag - self.hold, 0) / max(self.epochs - self.hold, 1), 1)
        left = (1 + cos(pi * passed)) / 2 if self.schedule == "cosine" else (1 - passed) ** self.power
        return self.lr_end + (peak - self.lr_end) * left if peak else 0.0

    def rate_at(self, step: int, per_epoch: int, peak: float | None = None) -> float:
        """The learning rate of a step from 0, of so many per epoch, the warm-up included."""
        rise = min((step + 1) / max(self.warmup * per_epoch, 1), 1.0)
        return rise * self.rate(step // per_epoch if self.per == "epoch" else step / per_epoch, peak)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The weighted sum of the losses; logits and targets (B, 1, H, W), targets in 0 to 1."""
        total = logits.new_zeros(())
        if self.dice:
            total = total + self.dice * dice_loss(logits, targets)
        if self.focal:
            total = total + self.focal * focal_loss(logits, targets, self.focal_gamma)
        if self.cross_entropy:
            total = total + self.cross_entropy * focal_loss(logits, targets, gamma=0.0)
        return total

    def for_splits(self, names: typing.Iterable[str]) -> Self:
        """The recipe with the length of sentences that these splits ask for."""
        lengths = dict(self.max_words_of)
        found = [lengths.get(name.partition(":")[0], self.max_words) for name in names]
        return replace(self, max_words=max(found, default=self.max_words), max_words_of=())

    def changed(self, settings: typing.Iterable[str]) -> Self:
        """The recipe with other values, each given as `field=value`.

        Text is read as the field's type; "none" is no value, a tuple has commas, a pair in it a colon.

        Raises:
            RebenchError: no such field, or no such value for it.
        """
        kinds = typing.get_type_hints(type(self))
        given: dict[str, Any] = {}
        for setting in settings:
            name, equals, text = (part.strip() for part in setting.partition("="))
            if not equals or name not in kinds:
                near = get_close_matches(name, kinds, n=2, cutoff=0.5)
                hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(kinds)}"
                what = f"a recipe has no field {name!r}" if equals else f"--set {setting!r} is no field=value"
                raise RebenchError(f"{what}: {hint}")
            given[name] = _read(name, text, kinds[name])
        if "max_words" in given:
            given.setdefault("max_words_of", ())
        return replace(self, **given)


_AT_LEAST = {
    **dict.fromkeys(("epochs", "batch", "accumulate", "check_every", "save_every"), 1),
    "image_size": 32,
    "max_words": 3,  # start, a word, end
}
"""Of every other number: 0."""
_BELOW_ONE = ("betas", "ema", "drop_path")


def _read(name: str, text: str, kind: Any) -> Any:
    """The value of a field from text."""
    options = get_args(kind) if get_origin(kind) in (types.UnionType, typing.Union) else (kind,)
    if type(None) in options and text.lower() in ("none", ""):
        return None
    (wanted,) = (option for option in options if option is not type(None))
    if get_origin(wanted) is Literal:
        if text not in get_args(wanted):
            raise RebenchError(f"recipe: no {name} {text!r}: there are {', '.join(get_args(wanted))}")
        return text
    try:
        return _value(text, wanted)
    except ValueError:
        raise RebenchError(f"recipe: {name} is {_TYPES.get(wanted, 'a list')}, not {text!r}") from None


_TYPES = {int: "a whole number", float: "a number", str: "text"}


def _value(text: str, kind: Any) -> Any:
    if get_origin(kind) is not tuple:
        value = kind(text)
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(text)
        return value
    parts = [part.strip() for part in text.split(",") if part.strip()]
    inner = get_args(kind)
    if len(inner) == 2 and inner[1] is Ellipsis:
        if get_origin(inner[0]) is tuple:  # pairs, "refcoco:17"
            return tuple(_pair(part, get_args(inner[0])) for part in parts)
        return tuple(_value(part, inner[0]) for part in parts)
    return tuple(_value(part, one) for part, one in zip(parts, inner, strict=True))


def _pair(text: str, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_value(part, kind) for part, kind in zip(text.rsplit(":", 1), kinds, strict=True))


FIELDS = tuple(field.name for field in fields(PaperRecipe))
