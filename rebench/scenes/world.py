"""A scene: who and what stands where, and the picture of it with the exact mask of everybody."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rebench.scenes.backdrop import SIDE, backdrop
from rebench.scenes.canvas import Canvas, majority
from rebench.scenes.dice import Dice
from rebench.scenes.lexicon import BOTTOMS, CLOTHES, HAIR, HOLDABLE, KINDS, PEOPLE
from rebench.scenes.sprites import hand, sprite
from rebench.scenes.thing import Thing

PLACES: dict[str, dict[str, float]] = {
    "meadow": {"dog": 1, "cow": 1.5, "sheep": 1.5, "horse": 1.5, "giraffe": 1, "elephant": 1, "bird": 1}
    | {"ball": 1, "balloon": 1, "truck": 0.4},
    "street": {"car": 2, "bus": 1.2, "truck": 1.2, "dog": 1, "cat": 0.7, "bird": 0.7, "suitcase": 1}
    | {"umbrella": 0.7, "lamp": 0.7, "box": 0.8},
    "beach": {"ball": 1.5, "umbrella": 1.5, "balloon": 1, "dog": 1.2, "bird": 1.5, "chair": 1.2}
    | {"suitcase": 0.6},
    "snow": {
        "dog": 1.2,
        "horse": 1,
        "bird": 1,
        "sheep": 0.7,
        "car": 1,
        "truck": 1,
        "box": 1,
        "suitcase": 0.8,
    },
    "room": {"chair": 2, "table": 1.2, "sofa": 1, "lamp": 1.3, "cat": 1.3, "dog": 1, "ball": 0.8}
    | {"balloon": 1, "plant": 1.5, "box": 1, "suitcase": 0.8},
}
"""What is to be met where, beside people, and how often."""

SMALLEST = 60
"""The fewest visible pixels of a thing that may stand in a scene."""
VISIBLE = 0.6
"""The smallest share of a thing that must be visible."""


@dataclass(frozen=True)
class Scene:
    """A finished scene.

    Attributes:
        place: one of PLACES.
        things: everything that can be meant; the order carries no meaning.
        image: uint8 (128, 128, 3).
        masks: the visible pixels of each thing, bool (128, 128).
        whole_areas: the pixels that each thing would show if nothing stood before it.
    """

    place: str
    things: tuple[Thing, ...]
    image: NDArray[np.uint8] = field(repr=False)
    masks: tuple[NDArray[np.bool_], ...] = field(repr=False)
    whole_areas: tuple[int, ...] = field(repr=False)


def make_scene(dice: Dice) -> Scene:
    """A random scene in which everything can be seen well enough to be meant."""
    while True:
        place = dice.pick(tuple(PLACES))
        ground, horizon = backdrop(place, dice)
        things = _populate(place, horizon, dice)
        scene = paint(place, ground, things)
        if scene is not None and _has_rivals(scene):
            return scene


def _has_rivals(scene: Scene) -> bool:
    """Whether some category has several instances: without distractors there is nothing to tell apart."""
    categories = [t.category for t in scene.things]
    return any(categories.count(c) > 1 for c in categories)


def _populate(place: str, horizon: float, dice: Dice) -> tuple[Thing, ...]:
    """Two to four of one category, one to three of another, and some company."""
    others = tuple(PLACES[place].items())
    kinds: list[str] = []
    if dice.chance(0.6):
        kinds += [dice.pick(("man", "woman", "boy", "girl")) for _ in range(dice.between(2, 4))]
        kinds += [dice.weighted(others)] * dice.weighted(((1, 3), (2, 2), (3, 1)))
    else:
        kinds += [dice.weighted(others)] * dice.weighted(((2, 2), (3, 3), (4, 1)))
        kinds += [dice.pick(("man", "woman", "boy", "girl")) for _ in range(dice.between(0, 2))]
    kinds += [dice.weighted(others) for _ in range(dice.between(0, 2))]
    spots: list[Thing] = []
    for kind in dice.shuffled(kinds)[:8]:
        spots.append(_place(kind, horizon, spots, dice))
    return _hand_out(spots, dice)


def _place(kind: str, horizon: float, others: list[Thing], dice: Dice) -> Thing:
    """Put a thing on the ground, away from the others if there is room within a few tries."""
    spec = KINDS[kind]
    colour = dice.pick(spec.colours)
    best, most_room = None, -1.0
    for _ in range(6):
        ground = dice.uniform(horizon + 16, SIDE - 3)
        height = spec.height * (0.66 + 0.5 * (ground - 60) / 64) * dice.uniform(0.88, 1.12)
        half = spec.width * height / 2
        if height > ground - 2 or 2 * half > SIDE - 8:
            continue
        x = dice.uniform(half + 2, SIDE - half - 2)
        room = min((abs(x - o.x) / (half + KINDS[o.kind].width * o.height / 2) for o in others), default=2.0)
        if room > most_room:
            most_room, best = room, (x, ground, height)
        if room > 0.8:
            break
    x, ground, height = best or (SIDE / 2, SIDE - 6.0, min(spec.height, 50.0))
    thing = Thing(kind, x, ground, height, dice.chance(0.5), colour)
    return _dress(thing, dice) if kind in PEOPLE else thing


def _dress(person: Thing, dice: Dice) -> Thing:
    bottoms = [c for c in CLOTHES if c != person.colour]
    return replace(
        person,
        bottom=dice.pick(bottoms) if BOTTOMS[person.kind] else None,
        hair=dice.pick(tuple(HAIR)),
        hat=dice.pick(CLOTHES) if dice.chance(0.4) else None,
        skin=dice.below(4),
    )


def _hand_out(spots: list[Thing], dice: Dice) -> tuple[Thing, ...]:
    """Give some people something to hold."""
    things = list(spots)
    for i, person in enumerate(spots):
        if person.kind not in PEOPLE or not dice.chance(0.4):
            continue
        kind = dice.pick(HOLDABLE)
        person = replace(person, holds=kind)
        things[i] = person
        size = KINDS[kind].height * person.height / (56 if person.kind in ("man", "woman") else 44)
        x, y = hand(person)
        below = {"suitcase": 0.86, "ball": 0.85}.get(kind, 0.12) * size
        ground = y + below
        colour = dice.pick(KINDS[kind].colours)
        things.append(Thing(kind, x, ground, size, False, colour, holder=i))
    return tuple(things)


def paint(place: str, ground: NDArray[np.float64], things: tuple[Thing, ...]) -> Scene | None:
    """Paint the things from back to front; None if one of them is hidden too much."""
    canvas = Canvas(ground)
    depth = [things[t.holder].ground + 0.01 if t.holder is not None else t.ground for t in things]
    order = sorted(range(len(things)), key=lambda i: depth[i])
    for thing in things:
        if thing.holder is None:
            width = KINDS[thing.kind].width * thing.height
            canvas.cast(thing.x, thing.ground, width * 0.55, max(width * 0.09, 1.2))
    whole = [0] * len(things)
    for i in order:
        whole[i] = int(majority(canvas.paint(sprite(things[i]), i + 1)).sum())
    masks = [majority(canvas.owners == i + 1) for i in range(len(things))]
    taken = np.zeros_like(masks[0])
    for i in reversed(order):  # where two share a pixel evenly, it is the front one's
        masks[i] &= ~taken
        taken |= masks[i]
    for mask, area in zip(masks, whole, strict=True):
        seen = int(mask.sum())
        if seen < SMALLEST or seen < VISIBLE * area:
            return None
    return Scene(place, things, canvas.image(), tuple(masks), tuple(whole))
