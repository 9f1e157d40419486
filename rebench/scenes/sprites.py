"""How each kind of thing is drawn: a list of shaded shapes per sprite.

A sprite is drawn in its own units: x to the right from its middle, y up from the ground, 1 being its height.
"""

from collections.abc import Callable

from rebench.scenes.canvas import Box, Colour, Ellipse, Limb, Part, Polygon, Ring
from rebench.scenes.lexicon import COLOURS, HAIR, PEOPLE
from rebench.scenes.thing import Thing

DARK: Colour = (0.15, 0.15, 0.18)
GLASS: Colour = (0.72, 0.86, 0.94)
METAL: Colour = (0.66, 0.67, 0.70)
WOOD: Colour = (0.55, 0.37, 0.22)
LIGHT: Colour = (0.98, 0.92, 0.65)
LEAF: Colour = (0.25, 0.55, 0.25)
SKINS: tuple[Colour, ...] = ((0.98, 0.84, 0.72), (0.90, 0.71, 0.55), (0.70, 0.48, 0.33), (0.48, 0.31, 0.21))


class Pen:
    """Collects the parts of one sprite, turning its units into pixels."""

    def __init__(self, x: float, ground: float, height: float, mirrored: bool) -> None:
        self.x, self.ground, self.height = x, ground, height
        self.sign = -1.0 if mirrored else 1.0
        self.parts: list[Part] = []

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The pixel position of a point of the sprite."""
        return self.x + self.sign * x * self.height, self.ground - y * self.height

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """An ellipse around (x, y)."""
        self.parts.append((Ellipse(*self.point(x, y), rx * self.height, ry * self.height), colour))

    def ring(self, x: float, y: float, radius: float, pen: float, colour: Colour) -> None:
        """A ring around (x, y)."""
        self.parts.append((Ring(*self.point(x, y), radius * self.height, pen * self.height), colour))

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0) -> None:
        """A rectangle from (x0, y0) below to (x1, y1) above."""
        (ax, ay), (bx, by) = self.point(x0, y0), self.point(x1, y1)
        shape = Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by), radius * self.height)
        self.parts.append((shape, colour))

    def limb(self, x0: float, y0: float, x1: float, y1: float, radius: float, colour: Colour) -> None:
        """A thick line."""
        shape = Limb(*self.point(x0, y0), *self.point(x1, y1), radius * self.height)
        self.parts.append((shape, colour))

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """A convex polygon, corners in clockwise order as the unmirrored sprite is seen."""
        corners = [self.point(x, y) for x, y in points]
        self.parts.append((Polygon(tuple(corners if self.sign > 0 else corners[::-1])), colour))


def sprite(thing: Thing) -> list[Part]:
    """The shapes of a thing, back to front, in pixels."""
    pen = Pen(thing.x, thing.ground, thing.height, thing.mirrored)
    if thing.kind in PEOPLE:
        _person(pen, thing)
    else:
        _SPRITES[thing.kind](pen, COLOURS[thing.colour])
    return pen.parts


def hand(thing: Thing) -> tuple[float, float]:
    """Where a person's holding hand is, in pixels."""
    low = thing.holds is not None and thing.holds in ("suitcase", "ball")
    x, y = (0.235, 0.40) if low else (0.30, 0.56)
    return Pen(thing.x, thing.ground, thing.height, thing.mirrored).point(x, y)


def _person(pen: Pen, person: Thing) -> None:
    child = person.kind in ("boy", "girl")
    head, neck = (0.145, 0.70) if child else (0.112, 0.76)
    top = neck + 2 * head
    skin, shirt = SKINS[person.skin], COLOURS[person.colour]
    bottom = COLOURS[person.bottom] if person.bottom else shirt
    hair = HAIR[person.hair]
    if person.kind in ("woman", "girl"):
        pen.box(-head * 1.25, neck - 0.06, head * 1.25, top + 0.005, hair, head)
    if person.kind == "girl":
        pen.ellipse(-head * 1.45, neck + 0.09, 0.055, 0.09, hair)
        pen.ellipse(head * 1.45, neck + 0.09, 0.055, 0.09, hair)
    _legs(pen, person.kind, skin, bottom)
    _torso(pen, person, skin, shirt, neck)
    pen.ellipse(0, neck + head, head, head, skin)
    pen.ellipse(head * 0.35, neck + head * 1.0, 0.017, 0.022, DARK)
    pen.ellipse(-head * 0.35, neck + head * 1.0, 0.017, 0.022, DARK)
    pen.limb(-head * 0.25, neck + head * 0.5, head * 0.25, neck + head * 0.5, 0.008, (0.6, 0.25, 0.22))
    pen.ellipse(0, top - head * 0.33, head * 1.02, head * 0.46, hair)
    if person.hat:
        hat = COLOURS[person.hat]
        pen.box(-head * 1.05, top - head * 0.35, head * 1.05, top + head * 0.75, hat, head * 0.5)
        pen.box(-head * 1.6, top - head * 0.5, head * 1.6, top - head * 0.15, hat, 0.02)


def _legs(pen: Pen, kind: str, skin: Colour, bottom: Colour) -> None:
    calf = bottom if kind == "man" else skin
    for side in (-1, 1):
        pen.ellipse(side * 0.095, 0.02, 0.065, 0.028, DARK)
        pen.limb(side * 0.075, 0.40, side * 0.085, 0.06, 0.052, calf)
    if kind == "boy":
        for side in (-1, 1):
            pen.limb(side * 0.078, 0.40, side * 0.085, 0.25, 0.066, bottom)
    if kind in ("woman", "girl"):
        pen.polygon([(-0.11, 0.46), (0.11, 0.46), (0.20, 0.20), (-0.20, 0.20)], bottom)
    else:
        pen.box(-0.13, 0.36, 0.13, 0.45, bottom, 0.03)


def _torso(pen: Pen, person: Thing, skin: Colour, shirt: Colour, neck: float) -> None:
    wide = {"man": 0.155, "woman": 0.125, "boy": 0.15, "girl": 0.13}[person.kind]
    pen.limb(-wide + 0.02, neck - 0.07, -wide - 0.055, 0.47, 0.042, shirt)
    pen.ellipse(-wide - 0.06, 0.43, 0.04, 0.04, skin)
    pen.box(-wide, 0.42, wide, neck - 0.005, shirt, 0.06)
    hand_x, hand_y = (0.235, 0.40) if person.holds in ("suitcase", "ball") else (0.30, 0.56)
    if person.holds is None:
        hand_x, hand_y = wide + 0.06, 0.43
    pen.limb(wide - 0.02, neck - 0.07, hand_x - 0.01, hand_y + 0.03, 0.042, shirt)
    pen.ellipse(hand_x, hand_y, 0.042, 0.042, skin)


def _darker(colour: Colour, share: float = 0.72) -> Colour:
    return colour[0] * share, colour[1] * share, colour[2] * share


def _four_legs(pen: Pen, colour: Colour, xs: tuple[float, ...], top: float, radius: float) -> None:
    for i, x in enumerate(xs):
        pen.limb(x, top, x, radius, radius, _darker(colour) if i % 2 else colour)


def _dog(pen: Pen, c: Colour) -> None:
    pen.limb(-0.48, 0.52, -0.66, 0.80, 0.055, c)
    _four_legs(pen, c, (-0.40, -0.27, 0.22, 0.35), 0.35, 0.075)
    pen.ellipse(-0.02, 0.48, 0.52, 0.21, c)
    pen.ellipse(0.44, 0.74, 0.22, 0.20, c)
    pen.ellipse(0.62, 0.68, 0.14, 0.10, c)
    pen.ellipse(0.74, 0.71, 0.05, 0.05, DARK)
    pen.ellipse(0.30, 0.72, 0.08, 0.19, _darker(c, 0.6))
    pen.ellipse(0.50, 0.80, 0.035, 0.04, DARK)


def _cat(pen: Pen, c: Colour) -> None:
    pen.limb(-0.42, 0.40, -0.62, 0.62, 0.05, c)
    pen.limb(-0.62, 0.62, -0.50, 0.92, 0.05, c)
    _four_legs(pen, c, (-0.34, -0.22, 0.18, 0.30), 0.3, 0.06)
    pen.ellipse(-0.02, 0.40, 0.45, 0.19, c)
    pen.polygon([(0.22, 0.98), (0.40, 0.78), (0.22, 0.70)], c)
    pen.polygon([(0.62, 0.98), (0.62, 0.70), (0.44, 0.78)], c)
    pen.ellipse(0.42, 0.68, 0.23, 0.20, c)
    pen.ellipse(0.34, 0.70, 0.04, 0.05, (0.35, 0.65, 0.25))
    pen.ellipse(0.51, 0.70, 0.04, 0.05, (0.35, 0.65, 0.25))
    pen.ellipse(0.43, 0.61, 0.03, 0.025, (0.85, 0.45, 0.5))


def _cow(pen: Pen, c: Colour) -> None:
    pen.limb(-0.60, 0.72, -0.70, 0.35, 0.03, _darker(c))
    _four_legs(pen, c, (-0.48, -0.33, 0.28, 0.42), 0.4, 0.07)
    pen.box(-0.62, 0.36, 0.52, 0.86, c, 0.2)
    spot: Colour = (0.93, 0.92, 0.90) if c[0] < 0.8 else (0.25, 0.2, 0.2)
    pen.ellipse(-0.30, 0.68, 0.15, 0.11, spot)
    pen.ellipse(0.10, 0.56, 0.13, 0.10, spot)
    pen.limb(0.42, 1.0, 0.50, 0.90, 0.03, (0.92, 0.88, 0.75))
    pen.limb(0.74, 1.0, 0.66, 0.90, 0.03, (0.92, 0.88, 0.75))
    pen.ellipse(0.58, 0.78, 0.17, 0.20, c)
    pen.ellipse(0.62, 0.63, 0.13, 0.09, (0.93, 0.72, 0.70))
    pen.ellipse(0.60, 0.82, 0.03, 0.035, DARK)
    pen.ellipse(-0.22, 0.36, 0.09, 0.06, (0.93, 0.72, 0.70))


def _sheep(pen: Pen, c: Colour) -> None:
    face: Colour = (0.25, 0.23, 0.24) if c[0] > 0.5 else (0.75, 0.68, 0.60)
    _four_legs(pen, face, (-0.36, -0.22, 0.20, 0.34), 0.35, 0.06)
    for x, y in ((-0.38, 0.58), (-0.18, 0.74), (0.10, 0.76), (0.34, 0.62), (-0.20, 0.46), (0.16, 0.46)):
        pen.ellipse(x, y, 0.25, 0.22, c)
    pen.ellipse(0.0, 0.60, 0.36, 0.24, c)
    pen.ellipse(0.56, 0.70, 0.15, 0.18, face)
    pen.ellipse(0.42, 0.78, 0.09, 0.05, face)
    pen.ellipse(0.60, 0.76, 0.03, 0.03, LIGHT)
    pen.ellipse(0.50, 0.88, 0.14, 0.09, c)


def _horse(pen: Pen, c: Colour) -> None:
    mane = _darker(c, 0.5)
    pen.limb(-0.44, 0.60, -0.58, 0.28, 0.06, mane)
    _four_legs(pen, c, (-0.36, -0.25, 0.20, 0.31), 0.4, 0.05)
    pen.ellipse(-0.02, 0.52, 0.44, 0.17, c)
    pen.limb(0.30, 0.58, 0.42, 0.84, 0.11, c)
    pen.limb(0.22, 0.66, 0.34, 0.94, 0.05, mane)
    pen.limb(0.42, 0.86, 0.60, 0.74, 0.075, c)
    pen.polygon([(0.36, 1.0), (0.44, 0.90), (0.36, 0.88)], c)
    pen.ellipse(0.46, 0.86, 0.02, 0.025, DARK)


def _giraffe(pen: Pen, c: Colour) -> None:
    patch: Colour = (0.66, 0.42, 0.18)
    _four_legs(pen, c, (-0.22, -0.15, 0.10, 0.17), 0.35, 0.033)
    pen.limb(-0.24, 0.44, -0.29, 0.26, 0.015, patch)
    pen.ellipse(-0.02, 0.42, 0.26, 0.12, c)
    pen.limb(0.14, 0.46, 0.24, 0.88, 0.055, c)
    pen.limb(0.23, 0.90, 0.34, 0.86, 0.045, c)
    pen.limb(0.21, 0.92, 0.20, 0.985, 0.014, patch)
    for x, y, r in ((-0.16, 0.44, 0.05), (-0.04, 0.40, 0.05), (0.07, 0.45, 0.045), (0.17, 0.56, 0.03)):
        pen.ellipse(x, y, r, r * 0.8, patch)
    pen.ellipse(0.20, 0.68, 0.026, 0.032, patch)
    pen.ellipse(0.22, 0.79, 0.022, 0.028, patch)
    pen.ellipse(0.26, 0.905, 0.012, 0.014, DARK)


def _elephant(pen: Pen, c: Colour) -> None:
    _four_legs(pen, c, (-0.42, -0.24, 0.14, 0.30), 0.4, 0.095)
    pen.limb(-0.54, 0.62, -0.62, 0.35, 0.025, _darker(c))
    pen.ellipse(-0.08, 0.62, 0.50, 0.33, c)
    pen.limb(0.58, 0.62, 0.64, 0.22, 0.065, c)
    pen.limb(0.50, 0.48, 0.62, 0.40, 0.03, (0.96, 0.94, 0.86))
    pen.ellipse(0.44, 0.72, 0.24, 0.25, c)
    pen.ellipse(0.28, 0.70, 0.15, 0.22, _darker(c, 0.82))
    pen.ellipse(0.52, 0.77, 0.025, 0.03, DARK)


def _bird(pen: Pen, c: Colour) -> None:
    for x in (-0.06, 0.08):
        pen.limb(x, 0.25, x, 0.04, 0.03, (0.93, 0.60, 0.15))
    pen.polygon([(-0.62, 0.66), (-0.28, 0.55), (-0.28, 0.35)], _darker(c))
    pen.ellipse(-0.02, 0.46, 0.38, 0.24, c)
    pen.ellipse(-0.08, 0.48, 0.22, 0.13, _darker(c))
    pen.polygon([(0.46, 0.84), (0.66, 0.76), (0.46, 0.70)], (0.95, 0.62, 0.15))
    pen.ellipse(0.32, 0.78, 0.20, 0.20, c)
    pen.ellipse(0.38, 0.82, 0.045, 0.05, DARK)


def _wheel(pen: Pen, x: float, radius: float) -> None:
    pen.ellipse(x, radius, radius, radius, DARK)
    pen.ellipse(x, radius, radius * 0.5, radius * 0.5, METAL)


def _car(pen: Pen, c: Colour) -> None:
    pen.polygon([(-0.48, 1.0), (0.34, 1.0), (0.66, 0.58), (-0.68, 0.58)], c)
    pen.polygon([(-0.40, 0.92), (-0.06, 0.92), (-0.06, 0.64), (-0.54, 0.64)], GLASS)
    pen.polygon([(0.02, 0.92), (0.30, 0.92), (0.51, 0.64), (0.02, 0.64)], GLASS)
    pen.box(-0.97, 0.20, 0.97, 0.64, c, 0.16)
    pen.box(0.84, 0.42, 0.96, 0.54, LIGHT, 0.04)
    pen.box(-0.96, 0.42, -0.86, 0.54, (0.75, 0.15, 0.12), 0.04)
    _wheel(pen, -0.56, 0.23)
    _wheel(pen, 0.56, 0.23)


def _bus(pen: Pen, c: Colour) -> None:
    pen.box(-0.80, 0.12, 0.80, 1.0, c, 0.10)
    for x in (-0.70, -0.37, -0.04):
        pen.box(x, 0.58, x + 0.26, 0.86, GLASS, 0.03)
    pen.box(0.34, 0.20, 0.56, 0.86, GLASS, 0.03)
    pen.box(0.63, 0.50, 0.79, 0.86, GLASS, 0.03)
    pen.box(-0.80, 0.40, 0.28, 0.47, _darker(c), 0.0)
    _wheel(pen, -0.46, 0.145)
    _wheel(pen, 0.16, 0.145)


def _truck(pen: Pen, c: Colour) -> None:
    pen.box(-0.78, 0.20, 0.30, 1.0, (0.90, 0.90, 0.88), 0.04)
    pen.box(-0.70, 0.52, 0.22, 0.68, c, 0.0)
    pen.box(0.34, 0.16, 0.77, 0.74, c, 0.08)
    pen.box(0.50, 0.46, 0.73, 0.68, GLASS, 0.04)
    pen.box(-0.78, 0.14, 0.77, 0.26, DARK, 0.02)
    for x in (-0.52, -0.16, 0.54):
        _wheel(pen, x, 0.155)


def _chair(pen: Pen, c: Colour) -> None:
    for x in (-0.25, 0.25):
        pen.limb(x, 0.42, x, 0.04, 0.04, WOOD)
    pen.limb(-0.16, 0.40, -0.16, 0.12, 0.035, _darker(WOOD))
    pen.limb(0.16, 0.40, 0.16, 0.12, 0.035, _darker(WOOD))
    pen.box(-0.28, 0.50, 0.28, 1.0, c, 0.08)
    pen.box(-0.32, 0.36, 0.32, 0.50, _darker(c, 0.85), 0.06)


def _table(pen: Pen, c: Colour) -> None:
    for x in (-0.64, 0.64):
        pen.limb(x, 0.80, x, 0.06, 0.065, _darker(c))
    for x in (-0.44, 0.44):
        pen.limb(x, 0.80, x, 0.26, 0.05, _darker(c, 0.6))
    pen.polygon([(-0.62, 1.0), (0.62, 1.0), (0.80, 0.78), (-0.80, 0.78)], c)
    pen.box(-0.80, 0.70, 0.80, 0.79, _darker(c, 0.85), 0.0)


def _sofa(pen: Pen, c: Colour) -> None:
    for x in (-0.74, 0.74):
        pen.limb(x, 0.15, x, 0.05, 0.05, WOOD)
    pen.box(-0.76, 0.35, 0.76, 1.0, c, 0.14)
    pen.box(-0.74, 0.12, 0.74, 0.48, _darker(c, 0.85), 0.08)
    pen.box(-0.60, 0.36, -0.01, 0.56, c, 0.07)
    pen.box(0.01, 0.36, 0.60, 0.56, c, 0.07)
    pen.box(-0.92, 0.12, -0.62, 0.70, c, 0.12)
    pen.box(0.62, 0.12, 0.92, 0.70, c, 0.12)


def _lamp(pen: Pen, c: Colour) -> None:
    pen.ellipse(0, 0.035, 0.16, 0.04, METAL)
    pen.limb(0, 0.05, 0, 0.72, 0.026, METAL)
    pen.ellipse(0, 0.70, 0.07, 0.06, LIGHT)
    pen.polygon([(-0.11, 1.0), (0.11, 1.0), (0.21, 0.70), (-0.21, 0.70)], c)


def _ball(pen: Pen, c: Colour) -> None:
    stripe: Colour = (0.95, 0.95, 0.93) if min(c) < 0.8 else (0.2, 0.3, 0.7)
    pen.ellipse(0, 0.5, 0.5, 0.5, c)
    pen.ellipse(0, 0.5, 0.16, 0.49, stripe)
    pen.ellipse(-0.2, 0.72, 0.09, 0.08, (1.0, 1.0, 1.0))


def _balloon(pen: Pen, c: Colour) -> None:
    pen.limb(0, 0.5, 0, 0.0, 0.022, (0.85, 0.85, 0.85))
    pen.polygon([(0.0, 0.50), (0.06, 0.44), (-0.06, 0.44)], _darker(c))
    pen.ellipse(0, 0.74, 0.23, 0.26, c)
    pen.ellipse(-0.08, 0.84, 0.05, 0.06, (1.0, 1.0, 1.0))


def _umbrella(pen: Pen, c: Colour) -> None:
    pen.limb(0, 0.02, 0, 0.70, 0.025, WOOD)
    pen.polygon([(-0.26, 0.90), (0.26, 0.90), (0.54, 0.62), (-0.54, 0.62)], c)
    pen.polygon([(-0.02, 1.0), (0.02, 1.0), (0.28, 0.89), (-0.28, 0.89)], c)
    pen.polygon([(-0.06, 0.93), (0.06, 0.93), (0.16, 0.62), (-0.16, 0.62)], _darker(c, 0.8))


def _suitcase(pen: Pen, c: Colour) -> None:
    pen.ring(0, 0.84, 0.13, 0.035, DARK)
    pen.box(-0.42, 0.02, 0.42, 0.84, c, 0.10)
    pen.box(-0.26, 0.02, -0.18, 0.84, _darker(c), 0.0)
    pen.box(0.18, 0.02, 0.26, 0.84, _darker(c), 0.0)


def _plant(pen: Pen, c: Colour) -> None:
    for x, y, rx, ry in ((-0.18, 0.66, 0.13, 0.22), (0.18, 0.66, 0.13, 0.22), (0.0, 0.76, 0.13, 0.24)):
        pen.ellipse(x, y, rx, ry, LEAF)
    pen.ellipse(-0.26, 0.50, 0.12, 0.10, _darker(LEAF, 0.85))
    pen.ellipse(0.26, 0.50, 0.12, 0.10, _darker(LEAF, 0.85))
    pen.polygon([(-0.25, 0.44), (0.25, 0.44), (0.17, 0.0), (-0.17, 0.0)], c)
    pen.box(-0.28, 0.36, 0.28, 0.46, _darker(c, 0.85), 0.02)


def _box(pen: Pen, c: Colour) -> None:
    pen.polygon([(-0.42, 1.0), (0.42, 1.0), (0.54, 0.78), (-0.54, 0.78)], _darker(c, 0.85))
    pen.box(-0.54, 0.0, 0.54, 0.80, c, 0.02)
    pen.box(-0.08, 0.0, 0.08, 0.80, (0.88, 0.80, 0.62), 0.0)


_SPRITES: dict[str, Callable[[Pen, Colour], None]] = {
    "dog": _dog,
    "cat": _cat,
    "cow": _cow,
    "sheep": _sheep,
    "horse": _horse,
    "giraffe": _giraffe,
    "elephant": _elephant,
    "bird": _bird,
    "car": _car,
    "bus": _bus,
    "truck": _truck,
    "chair": _chair,
    "table": _table,
    "sofa": _sofa,
    "lamp": _lamp,
    "ball": _ball,
    "balloon": _balloon,
    "umbrella": _umbrella,
    "suitcase": _suitcase,
    "plant": _plant,
    "box": _box,
}
