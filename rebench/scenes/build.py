"""Builds the scenes of a split, each from its own seed: a small split is the beginning of a large one."""

import hashlib
from dataclasses import dataclass

from rebench.scenes.dice import Dice
from rebench.scenes.graph import Graph, scene_graph
from rebench.scenes.resolver import Unreadable, resolve
from rebench.scenes.sentences import CELLS, Expression, make_expression
from rebench.scenes.world import Scene, make_scene

VERSION = 1
"""Changes whenever any picture, mask or sentence does; old versions are never edited."""

PER_PICTURE = 5


@dataclass(frozen=True)
class Example:
    """A scene with its graph and the expressions about it."""

    scene: Scene
    graph: Graph
    expressions: tuple[Expression, ...]


def make_example(part: str, index: int) -> Example:
    """The scene number `index` of a part ("train", "val" or "test") with its five expressions.

    Every expression has been read back by the resolver and means its target and nothing else.
    """
    seed = int.from_bytes(hashlib.sha256(f"scenes-v{VERSION}/{part}/{index}".encode()).digest()[:8], "big")
    dice = Dice(seed)
    while True:
        scene = make_scene(dice)
        graph = scene_graph(scene)
        expressions: dict[str, Expression] = {}
        for k in range(3 * PER_PICTURE):
            cell = CELLS[(k if k < len(CELLS) else index + k) % len(CELLS)]
            made = make_expression(graph, cell, dice)
            if made is not None and _resolves(made, graph):
                expressions.setdefault(made.text.lower(), made)
            if len(expressions) == PER_PICTURE:
                return Example(scene, graph, tuple(expressions.values()))


def _resolves(expression: Expression, graph: Graph) -> bool:
    try:
        return [node.index for node in resolve(expression.text, graph)] == [expression.target]
    except Unreadable:
        return False
