"""A small rasteriser: shaded shapes with outlines, anti-aliased, with the exact mask of every object.

Only sums, products, quotients, square roots and comparisons of float64 are used, which IEEE 754 fixes
to the bit: a scene has the same pixels, and so the same hash, on every platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Array = NDArray[np.float64]

SUPERSAMPLING = 2
"""Samples per pixel along each axis."""
OUTLINE = 0.55
"""Width of the dark outline around an object, in pixels."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An axis-parallel ellipse."""

    x: float
    y: float
    rx: float
    ry: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around the shape: x0, y0, x1, y1."""
        return self.x - self.rx, self.y - self.ry, self.x + self.rx, self.y + self.ry

    def distance(self, x: Array, y: Array) -> Array:
        """About the distance in pixels to the outline, negative inside."""
        reach = np.sqrt(((x - self.x) / self.rx) ** 2 + ((y - self.y) / self.ry) ** 2)
        return (reach - 1.0) * min(self.rx, self.ry)


@dataclass(frozen=True, slots=True)
class Ring:
    """A circle drawn with a broad pen."""

    x: float
    y: float
    radius: float
    pen: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around the shape: x0, y0, x1, y1."""
        r = self.radius + self.pen
        return self.x - r, self.y - r, self.x + r, self.y + r

    def distance(self, x: Array, y: Array) -> Array:
        """The distance in pixels to the outline, negative inside."""
        return np.abs(np.sqrt((x - self.x) ** 2 + (y - self.y) ** 2) - self.radius) - self.pen


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with rounded corners."""

    x0: float
    y0: float
    x1: float
    y1: float
    radius: float = 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around the shape: x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1

    def distance(self, x: Array, y: Array) -> Array:
        """The distance in pixels to the outline, negative inside."""
        half_w, half_h = (self.x1 - self.x0) / 2, (self.y1 - self.y0) / 2
        r = min(self.radius, half_w, half_h)
        dx = np.abs(x - (self.x0 + half_w)) - half_w + r
        dy = np.abs(y - (self.y0 + half_h)) - half_h + r
        outside = np.sqrt(np.maximum(dx, 0.0) ** 2 + np.maximum(dy, 0.0) ** 2)
        return outside + np.minimum(np.maximum(dx, dy), 0.0) - r


@dataclass(frozen=True, slots=True)
class Limb:
    """A line with round ends."""

    x0: float
    y0: float
    x1: float
    y1: float
    radius: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around the shape: x0, y0, x1, y1."""
        r = self.radius
        left, right = sorted((self.x0, self.x1))
        top, bottom = sorted((self.y0, self.y1))
        return left - r, top - r, right + r, bottom + r

    def distance(self, x: Array, y: Array) -> Array:
        """The distance in pixels to the outline, negative inside."""
        dx, dy = self.x1 - self.x0, self.y1 - self.y0
        along = np.clip(((x - self.x0) * dx + (y - self.y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        return np.sqrt((x - self.x0 - along * dx) ** 2 + (y - self.y0 - along * dy) ** 2) - self.radius


@dataclass(frozen=True, slots=True)
class Polygon:
    """A convex polygon, its corners in clockwise order on the screen (y pointing down)."""

    points: tuple[tuple[float, float], ...]

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around the shape: x0, y0, x1, y1."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def distance(self, x: Array, y: Array) -> Array:
        """About the distance in pixels to the outline, negative inside."""
        furthest = np.full(x.shape, -np.inf)
        for (x0, y0), (x1, y1) in zip(self.points, self.points[1:] + self.points[:1], strict=True):
            dx, dy = x1 - x0, y1 - y0
            length = float(np.sqrt(dx * dx + dy * dy))
            furthest = np.maximum(furthest, ((x - x0) * dy - (y - y0) * dx) / length)
        return furthest


Shape = Ellipse | Ring | Box | Limb | Polygon
Part = tuple[Shape, Colour]


class Canvas:
    """A picture in the making: colours and, for every sample, the number of the object seen there."""

    def __init__(self, backdrop: Array) -> None:
        """Start from a backdrop, float (side, side, 3) with values from 0 to 1."""
        self.side = backdrop.shape[0]
        self.colours = backdrop.repeat(SUPERSAMPLING, 0).repeat(SUPERSAMPLING, 1)
        self.owners = np.zeros(self.colours.shape[:2], np.int16)
        self.axis = (np.arange(self.side * SUPERSAMPLING) + 0.5) / SUPERSAMPLING

    def paint(self, parts: Sequence[Part], owner: int) -> NDArray[np.bool_]:
        """Paint one object over what is there: first its outline, then its parts with shading.

        Returns the samples that it covers, before anything is painted over it.
        """
        covered = np.zeros(self.owners.shape, bool)
        regions = [self._region(shape) for shape, _ in parts]
        for (_, colour), (window, distance, _) in zip(parts, regions, strict=True):
            edge = distance < OUTLINE
            self.colours[window][edge] = np.multiply(colour, 0.45)
            covered[window] |= edge
        for (_, colour), (window, distance, shade) in zip(parts, regions, strict=True):
            inside = distance < 0
            self.colours[window][inside] = shade[inside][:, None] * np.asarray(colour)
        self.owners[covered] = owner
        return covered

    def cast(self, x: float, y: float, rx: float, ry: float) -> None:
        """Darken the ground under an object: a shadow, which belongs to nobody."""
        window, distance, _ = self._region(Ellipse(x, y, rx, ry))
        self.colours[window][distance < 0] *= 0.8

    def image(self) -> NDArray[np.uint8]:
        """The finished picture, uint8 (side, side, 3)."""
        s = SUPERSAMPLING
        # whole numbers before the sum, so that no order of summation can change a pixel
        fine = np.floor(np.clip(self.colours, 0.0, 1.0) * (16 * 255) + 0.5).astype(np.int32)
        total = sum(fine[i::s, j::s] for i in range(s) for j in range(s))
        return np.asarray((total + 8 * s * s) // (16 * s * s), np.uint8)

    def _region(self, shape: Shape) -> tuple[tuple[slice, slice], Array, Array]:
        x0, y0, x1, y1 = shape.bounds()
        first, last = (int(np.floor(v * SUPERSAMPLING)) for v in (y0 - 1, y1 + 1))
        left, right = (int(np.floor(v * SUPERSAMPLING)) for v in (x0 - 1, x1 + 1))
        window = (slice(max(first, 0), max(last, 0)), slice(max(left, 0), max(right, 0)))
        y, x = np.broadcast_arrays(self.axis[window[0]][:, None], self.axis[window[1]][None, :])
        shade = 1.1 - 0.22 * (y - y0) / max(y1 - y0, 1.0) - 0.1 * (x - x0) / max(x1 - x0, 1.0)
        return window, shape.distance(x, y), shade


def majority(covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of which at least half is covered: samples (n * s, n * s) to pixels (n, n)."""
    s = SUPERSAMPLING
    samples = covered.view(np.uint8)
    count = sum(samples[i::s, j::s] for i in range(s) for j in range(s))
    return np.asarray(count * 2 >= s * s)
