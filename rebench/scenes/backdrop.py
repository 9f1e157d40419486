"""The places where scenes are set: sky and ground, walls and floors, without anything that could be meant."""

import numpy as np

from rebench.scenes.canvas import Array, Colour
from rebench.scenes.dice import Dice

SIDE = 128

SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((0.53, 0.78, 0.95), (0.86, 0.94, 0.99)),
    ((0.66, 0.76, 0.84), (0.90, 0.92, 0.93)),
    ((0.96, 0.70, 0.52), (0.99, 0.90, 0.72)),
    ((0.60, 0.66, 0.90), (0.93, 0.86, 0.93)),
)
GROUNDS: dict[str, tuple[Colour, ...]] = {
    "meadow": ((0.55, 0.75, 0.38), (0.66, 0.78, 0.42), (0.48, 0.68, 0.40)),
    "street": ((0.64, 0.64, 0.67), (0.72, 0.70, 0.68)),
    "beach": ((0.93, 0.85, 0.64), (0.90, 0.80, 0.60)),
    "snow": ((0.90, 0.93, 0.97), (0.86, 0.90, 0.96)),
    "room": ((0.78, 0.62, 0.46), (0.70, 0.68, 0.70), (0.62, 0.48, 0.38), (0.80, 0.74, 0.64)),
}
WALLS: tuple[Colour, ...] = ((0.88, 0.84, 0.74), (0.74, 0.83, 0.83), (0.86, 0.77, 0.77), (0.80, 0.84, 0.74))


def backdrop(place: str, dice: Dice) -> tuple[Array, float]:
    """The empty picture of a place, float (128, 128, 3) from 0 to 1, and the row of its horizon."""
    horizon = dice.uniform(42, 56)
    y = np.arange(SIDE) + 0.5
    picture = np.empty((SIDE, SIDE, 3))
    if place == "room":
        picture[:] = dice.pick(WALLS)
        _paper(picture, dice)
    else:
        high, low = dice.pick(SKIES)
        share = np.clip(y / horizon, 0, 1)[:, None, None]
        picture[:] = np.asarray(high) * (1 - share) + np.asarray(low) * share
        _clouds(picture, horizon, dice)
        _far_away(picture, place, horizon, dice)
    ground = np.asarray(dice.pick(GROUNDS[place]))
    below = y > horizon
    depth = ((y[below] - horizon) / (SIDE - horizon))[:, None, None]
    picture[below] = ground * (0.90 + 0.14 * depth)
    _texture(picture, place, horizon, dice)
    return picture, horizon


def _blend(picture: Array, inside: Array, colour: Colour, strength: float) -> None:
    weight = (strength * inside)[..., None]
    picture[:] = picture * (1 - weight) + np.asarray(colour) * weight


def _soft_ellipse(x: float, y: float, rx: float, ry: float) -> Array:
    axis = np.arange(SIDE) + 0.5
    reach = ((axis[None, :] - x) / rx) ** 2 + ((axis[:, None] - y) / ry) ** 2
    return np.clip((1.0 - reach) * 3.0, 0.0, 1.0)


def _clouds(picture: Array, horizon: float, dice: Dice) -> None:
    for _ in range(dice.between(0, 3)):
        x, y = dice.uniform(0, SIDE), dice.uniform(4, horizon * 0.55)
        for _ in range(3):
            blob = _soft_ellipse(
                x + dice.uniform(-9, 9), y + dice.uniform(-2, 2), dice.uniform(7, 14), dice.uniform(2.5, 5)
            )
            _blend(picture, blob, (1.0, 1.0, 1.0), 0.75)


def _far_away(picture: Array, place: str, horizon: float, dice: Dice) -> None:
    """Hills, the sea, or a skyline, pale with distance."""
    y = (np.arange(SIDE) + 0.5)[:, None]
    x = (np.arange(SIDE) + 0.5)[None, :]
    if place == "beach":
        sea = (y > horizon - dice.uniform(8, 16)) & (x > -1)
        _blend(picture, sea.astype(float), (0.35, 0.62, 0.78), 0.8)
    elif place == "street":
        left = -5.0
        while left < SIDE:
            width, height = dice.uniform(12, 26), dice.uniform(10, 34)
            house = (x >= left) & (x < left + width) & (y > horizon - height)
            _blend(picture, house.astype(float), dice.pick(WALLS), 0.55)
            left += width
    else:
        for _ in range(dice.between(1, 3)):
            hill = _soft_ellipse(
                dice.uniform(0, SIDE), horizon + 4, dice.uniform(30, 70), dice.uniform(10, 24)
            )
            tone: Colour = (0.86, 0.90, 0.95) if place == "snow" else (0.50, 0.66, 0.52)
            _blend(picture, hill, tone, 0.6)


def _paper(picture: Array, dice: Dice) -> None:
    """Stripes on the wall."""
    if dice.chance(0.6):
        period = dice.between(6, 14)
        picture[:, np.arange(SIDE) % period < period // 2] *= 0.965


def _texture(picture: Array, place: str, horizon: float, dice: Dice) -> None:
    """Boards, kerbs, tufts: what keeps the ground from being flat."""
    first = int(horizon) + 1
    if place == "room":
        for row in range(first, SIDE, dice.between(7, 12)):
            picture[row] *= 0.93
        picture[first - 1 : first + 1] *= 0.8
    elif place == "street":
        lane = int(dice.uniform(horizon + 25, 110))
        for x in range(dice.between(0, 10), SIDE, 24):
            picture[lane : lane + 2, x : x + 12] = (0.92, 0.90, 0.82)
        picture[first : first + 3] *= 1.08
    else:
        for _ in range(40):
            x, y = dice.below(SIDE - 3), first + dice.below(max(SIDE - first - 1, 1))
            picture[y, x : x + dice.between(1, 3)] *= 0.9 if dice.chance(0.7) else 1.07
