"""What the words of the resolver mean: each as a relation, a ranking or a fact of the scene graph."""

from collections.abc import Callable

from rebench.scenes.graph import (
    Fact,
    Node,
    behind,
    bigger,
    is_true,
    left_of,
    most,
    nearer,
    next_to,
    on_left,
    taller,
)
from rebench.scenes.lexicon import BOTTOMS, COLOURS, HAIR, HATS, TOPS

Rank = Callable[[list[Node]], Fact]

FILLERS = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "that",
        "who",
        "which",
        "standing",
        "stands",
        "positioned",
        "there",
        "find",
        "spot",
        "show",
        "me",
        "look",
        "for",
        "side",
    ]
)
SUPERLATIVES: dict[str, Rank] = {
    "leftmost": lambda nodes: most(nodes, left_of),
    "rightmost": lambda nodes: most(nodes, lambda a, b: left_of(b, a)),
    "tallest": lambda nodes: most(nodes, taller),
    "shortest": lambda nodes: most(nodes, lambda a, b: taller(b, a)),
    "biggest": lambda nodes: most(nodes, bigger),
    "largest": lambda nodes: most(nodes, bigger),
    "smallest": lambda nodes: most(nodes, lambda a, b: bigger(b, a)),
    "nearest": lambda nodes: most(nodes, nearer),
    "farthest": lambda nodes: most(nodes, lambda a, b: nearer(b, a)),
}
COMPARATIVES: dict[str, str] = {
    "taller": "tallest",
    "shorter": "shortest",
    "bigger": "biggest",
    "larger": "biggest",
    "smaller": "smallest",
}
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3}
THAN: dict[str, Callable[[Node, Node], float]] = {
    "taller": taller,
    "shorter": lambda a, b: taller(b, a),
    "bigger": bigger,
    "larger": bigger,
    "smaller": lambda a, b: bigger(b, a),
}
RELATIONS: dict[str, Callable[[Node, Node], float]] = {
    "to left of": left_of,
    "left of": left_of,
    "on left of": left_of,
    "to right of": lambda a, b: left_of(b, a),
    "right of": lambda a, b: left_of(b, a),
    "on right of": lambda a, b: left_of(b, a),
    "behind": behind,
    "in back of": behind,
    "in front of": lambda a, b: behind(b, a),
    "next to": next_to,
    "beside": next_to,
    "right by": next_to,
}
RANKS: dict[str, str] = {
    "on far left": "leftmost",
    "far left": "leftmost",
    "furthest to left": "leftmost",
    "on far right": "rightmost",
    "far right": "rightmost",
    "furthest to right": "rightmost",
    "closest to camera": "nearest",
    "nearest to us": "nearest",
    "nearest to camera": "nearest",
    "farthest from camera": "farthest",
    "furthest from us": "farthest",
    "farthest away": "farthest",
    "furthest back": "farthest",
}


def garment(colour: str, word: str) -> Fact | None:
    """Who wears this, or None if it names no garment."""
    if word == "hair" and colour in HAIR:
        return hair(colour)
    if colour not in COLOURS:
        return None
    if word in HATS:
        return lambda a: is_true(a.hat == colour)
    if word == "dress":
        return lambda a: is_true(a.kind == "girl" and a.colour == colour)
    if word in TOPS:
        return lambda a: is_true(a.category == "person" and a.kind != "girl" and a.colour == colour)
    kinds = [kind for kind, words in BOTTOMS.items() if word in words]
    if kinds:
        return lambda a: is_true(a.kind in kinds and a.bottom == colour)
    return None


def hair(colour: str) -> Fact:
    """Who has hair of this colour."""
    return lambda a: is_true(a.category == "person" and a.hair == colour)


def coloured(colour: str) -> Fact:
    """Which things, other than people, have this colour."""
    return lambda a: is_true(a.category != "person" and a.colour == colour)


def half(side: str) -> Fact:
    """What is in that half of the picture."""
    return on_left if side == "left" else (lambda a: -on_left(a))
