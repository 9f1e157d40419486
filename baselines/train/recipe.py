"""A training recipe: everything that decides what comes out, beside the model, the data and the seed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained.

    Attributes:
        steps: optimizer steps on expressions.
        naming, grounding: steps of the two stages before, at most `steps` each.
        images: pictures per step; each comes with up to `expressions` of its expressions.
        lr, weight_decay: of AdamW; the rate rises over `warmup` steps and falls to zero along a cosine.
        naming_lr, grounding_lr: the rates of the stages before.
        clip: largest norm of the gradient.
        ema: decay of the averaged weights, which are what is kept.
        dice, focal: weights of the two losses (SaFiRe: 0.5 and 0.5).
        identity: weight of picking the right instance, which no paper has; 0 leaves it out.
        check_every: steps between checkpoints and validations.
    """

    steps: int = 6_000
    naming: int = 1_500
    grounding: int = 1_000
    images: int = 8
    expressions: int = 5
    lr: float = 1e-3
    naming_lr: float = 4e-3
    grounding_lr: float = 3e-3
    weight_decay: float = 0.05
    warmup: int = 200
    clip: float = 1.0
    ema: float = 0.998
    dice: float = 0.5
    focal: float = 0.5
    identity: float = 0.5
    check_every: int = 250
    seed: int = 0
