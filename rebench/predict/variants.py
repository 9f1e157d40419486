"""What is known of the variants of registered models before any is loaded, and the choice of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from rebench.errors import RebenchError
from rebench.predict.imports import call_foreign
from rebench.predict.interface import Variant

GROUP = "rebench.variants"


@dataclass(frozen=True, slots=True)
class Offer:
    """The variants of one model as its distribution offers them; `problem` where that fails."""

    variants: tuple[Variant, ...] = ()
    problem: str | None = None


def variants_of(name: str, distribution: str | None = None) -> Offer:
    """The variants that a model offers; none for a model that offers none. Imports its list, not the model.

    Args:
        name: of the model.
        distribution: whose offer, where several have one; without it, the first.
    """
    for entry in entry_points(group=GROUP, name=name):
        if distribution is None or (entry.dist and entry.dist.name == distribution):
            try:
                listed = tuple(call_foreign(entry.load, {}, f"the variants of {name!r} ({entry.value})"))
            except (RebenchError, TypeError) as error:
                return Offer(problem=str(error))
            if strange := next((v for v in listed if not isinstance(v, Variant)), None):
                return Offer(problem=f"{entry.value} lists {type(strange).__name__!r}, not Variant")
            return Offer(listed)
    return Offer()


def choose(name: str, variants: Sequence[Variant], asked: str | None, weights: object | None) -> Variant:
    """The variant that was asked for; without a name, the main one if there are weights, else the packaged.

    Args:
        name: of the model, for messages.
        variants: what there is, the main one first.
        asked: the name of a variant, or None.
        weights: what was given as weights, or None.

    Raises:
        RebenchError: there is none of that name, or it needs weights and none were given.
    """
    packaged = [v for v in variants if v.file]
    if asked is None:
        chosen = variants[0] if weights is not None or not packaged else packaged[0]
    else:
        found = [v for v in variants if v.name == asked]
        if not found:
            names = ", ".join(v.name for v in variants)
            raise RebenchError(f"{name} has no variant {asked!r}: it has {names}")
        chosen = found[0]
    if weights is None and chosen.file is None:
        instead = "".join(f", or use {name}:{v.name}" for v in packaged[:1])
        raise RebenchError(f"{name}:{chosen.name} has no packaged weights: give --weights FILE{instead}")
    return chosen
