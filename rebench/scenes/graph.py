"""The scene graph: what is true of a scene, read off the things and the pixels that show them.

Every relation and every ranking is a number, positive where it holds, in units of the margin at which a
person would no longer hesitate. The generator uses only statements for which no thing in question lies
between -1 and 1; so the resolver, which asks just for the sign, cannot be right by accident.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rebench.scenes.world import Scene

CERTAIN = 1000.0
"""The number of a plain fact (who holds what)."""


@dataclass(frozen=True, slots=True)
class Node:
    """One thing as it is seen.

    Attributes:
        index: its place in the scene.
        x, y: the middle of its visible pixels.
        left, right: its visible extent.
        depth: where it meets the ground; larger is nearer to the viewer.
        height: its drawn height in pixels, hidden parts included.
        area: its drawn area in pixels, hidden parts included.
    """

    index: int
    kind: str
    category: str
    colour: str
    bottom: str | None
    hair: str
    hat: str | None
    holder: int | None
    holds: int | None
    x: float
    y: float
    left: float
    right: float
    depth: float
    height: float
    area: float


Fact = Callable[[Node], float]
"""How clearly something holds of a node: positive where it does."""
Graph = tuple[Node, ...]


def scene_graph(scene: Scene) -> Graph:
    """The graph of a scene, a node per thing, in the scene's order."""
    held_by = {t.holder: i for i, t in enumerate(scene.things) if t.holder is not None}
    nodes = []
    for i, (thing, mask) in enumerate(zip(scene.things, scene.masks, strict=True)):
        rows, columns = np.nonzero(mask)
        ground = scene.things[thing.holder].ground if thing.holder is not None else thing.ground
        nodes.append(
            Node(
                i, thing.kind, thing.category, thing.colour, thing.bottom, thing.hair, thing.hat,
                thing.holder, held_by.get(i),
                float(columns.sum()) / columns.size, float(rows.sum()) / rows.size,
                float(columns.min()), float(columns.max()), ground, thing.height, float(scene.whole_areas[i]),
            )
        )  # fmt: skip
    return tuple(nodes)


def is_true(holds: bool) -> float:
    """A plain fact as a number."""
    return CERTAIN if holds else -CERTAIN


def left_of(a: Node, b: Node) -> float:
    """`a` is left of `b`, by the middles of what is seen of them."""
    return (b.x - a.x) / 6.0


def behind(a: Node, b: Node) -> float:
    """`a` is behind `b`: further back, and one partly in line with the other."""
    shared = min(a.right, b.right) - max(a.left, b.left)
    return min((b.depth - a.depth) / 4.0, (shared - 2.0) / 4.0)


def distance(a: Node, b: Node) -> float:
    """The distance of two things in the picture, in pixels, between their middles."""
    return float(np.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2))


def next_to(a: Node, b: Node) -> float:
    """`a` and `b` stand side by side: a small gap and about the same depth."""
    gap = max(max(a.left, b.left) - min(a.right, b.right), 0.0)
    return (14.0 - gap - 0.6 * abs(a.depth - b.depth)) / 4.0


def between(a: Node, b: Node, c: Node) -> float:
    """`a` is between `b` and `c` from left to right."""
    return min(a.x - min(b.x, c.x), max(b.x, c.x) - a.x) / 6.0


def taller(a: Node, b: Node) -> float:
    """`a` looks taller than `b`."""
    return (a.height - b.height) / (0.12 * min(a.height, b.height))


def bigger(a: Node, b: Node) -> float:
    """`a` takes more of the picture than `b`, hidden parts included."""
    return (a.area - b.area) / (0.3 * min(a.area, b.area))


def nearer(a: Node, b: Node) -> float:
    """`a` is nearer to the viewer than `b`."""
    return (a.depth - b.depth) / 5.0


def closer(a: Node, b: Node, landmark: Node) -> float:
    """`a` is closer to the landmark than `b` is."""
    return (distance(b, landmark) - distance(a, landmark)) / 7.0


def on_left(a: Node) -> float:
    """`a` is in the left half of the picture."""
    return (64.0 - a.x) / 10.0


def most(nodes: Sequence[Node], exceeds: Callable[[Node, Node], float]) -> Fact:
    """How clearly a node exceeds all others of `nodes`."""
    return lambda a: min((exceeds(a, b) for b in nodes if b.index != a.index), default=CERTAIN)


def nth_from_left(nodes: Sequence[Node], n: int) -> Fact:
    """How clearly a node is the n-th (from 0) of `nodes` from the left."""
    in_order = sorted(nodes, key=lambda b: b.x)

    def fact(a: Node) -> float:
        gaps = [abs(a.x - b.x) / 6.0 for b in nodes if b.index != a.index]
        clear = min(gaps, default=CERTAIN)
        return clear if 0 <= n < len(in_order) and in_order[n].index == a.index else -clear

    return fact
