"""The words of the scenes: kinds of things, colours, garments, and every way to say them.

The generator writes with these words and the resolver reads them; the grammar of each is its own.
"""

from dataclasses import dataclass

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.85, 0.17, 0.16),
    "orange": (0.95, 0.55, 0.13),
    "yellow": (0.97, 0.83, 0.22),
    "green": (0.22, 0.62, 0.27),
    "blue": (0.18, 0.40, 0.82),
    "purple": (0.55, 0.28, 0.70),
    "pink": (0.96, 0.56, 0.72),
    "white": (0.95, 0.95, 0.94),
    "black": (0.16, 0.16, 0.19),
    "brown": (0.52, 0.33, 0.19),
    "grey": (0.58, 0.59, 0.62),
}
HAIR: dict[str, tuple[float, float, float]] = {
    "black": (0.12, 0.10, 0.11),
    "brown": (0.42, 0.25, 0.14),
    "blond": (0.93, 0.78, 0.40),
    "ginger": (0.80, 0.38, 0.13),
    "grey": (0.70, 0.70, 0.72),
}
CLOTHES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")
VIVID = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that can stand in a scene.

    Attributes:
        category: its name in COCO's terms; instances of one category are each other's distractors.
        height: its height in pixels at full scale, in a picture of 128 x 128.
        width: its width as a share of its height (for placing; the sprite may differ a little).
        nouns: the words that name it, the first the plainest.
    """

    category: str
    group: str
    height: float
    width: float
    colours: tuple[str, ...]
    nouns: tuple[str, ...]


KINDS: dict[str, Kind] = {
    "man": Kind("person", "person", 54, 0.46, CLOTHES, ("man", "guy", "gentleman")),
    "woman": Kind("person", "person", 51, 0.46, CLOTHES, ("woman", "lady")),
    "boy": Kind("person", "person", 39, 0.5, CLOTHES, ("boy", "lad")),
    "girl": Kind("person", "person", 38, 0.5, CLOTHES, ("girl", "lass")),
    "dog": Kind("dog", "animal", 27, 1.35, ("brown", "black", "white", "grey"), ("dog", "hound")),
    "cat": Kind("cat", "animal", 24, 1.25, ("orange", "black", "white", "grey"), ("cat", "kitty")),
    "cow": Kind("cow", "animal", 35, 1.45, ("brown", "black", "white"), ("cow",)),
    "sheep": Kind("sheep", "animal", 26, 1.35, ("white", "black", "brown"), ("sheep",)),
    "horse": Kind("horse", "animal", 44, 1.2, ("brown", "black", "white", "grey"), ("horse", "pony")),
    "giraffe": Kind("giraffe", "animal", 68, 0.62, ("yellow",), ("giraffe",)),
    "elephant": Kind("elephant", "animal", 48, 1.3, ("grey",), ("elephant",)),
    "bird": Kind("bird", "animal", 20, 1.2, ("yellow", "white", "blue", "red", "black"), ("bird",)),
    "car": Kind("car", "vehicle", 29, 1.95, (*VIVID, "white", "black", "grey"), ("car", "automobile")),
    "bus": Kind("bus", "vehicle", 46, 1.6, ("red", "yellow", "green", "blue", "white"), ("bus",)),
    "truck": Kind(
        "truck", "vehicle", 43, 1.55, ("red", "yellow", "green", "blue", "white"), ("truck", "lorry")
    ),
    "chair": Kind("chair", "furniture", 33, 0.66, (*VIVID, "white", "brown"), ("chair",)),
    "table": Kind("dining table", "furniture", 27, 1.6, ("white", "brown", "black", "green"), ("table",)),
    "sofa": Kind("couch", "furniture", 29, 1.8, (*VIVID, "grey", "brown"), ("sofa", "couch")),
    "lamp": Kind("lamp", "furniture", 50, 0.42, ("red", "yellow", "green", "blue", "white"), ("lamp",)),
    "ball": Kind("sports ball", "thing", 17, 1.0, (*VIVID, "white"), ("ball",)),
    "balloon": Kind("balloon", "thing", 33, 0.5, VIVID, ("balloon",)),
    "umbrella": Kind("umbrella", "thing", 34, 1.1, (*VIVID, "black", "white"), ("umbrella", "parasol")),
    "suitcase": Kind("suitcase", "thing", 23, 0.85, (*VIVID, "black", "brown"), ("suitcase", "case")),
    "plant": Kind(
        "potted plant",
        "thing",
        30,
        0.7,
        ("red", "yellow", "blue", "white", "brown"),
        ("potted plant", "plant"),
    ),
    "box": Kind("box", "thing", 22, 1.1, ("brown", "white", "red", "green", "blue"), ("box", "crate")),
}

PEOPLE = frozenset({"man", "woman", "boy", "girl"})
HOLDABLE = ("ball", "balloon", "umbrella", "suitcase")

COLLECTIVE: dict[str, frozenset[str]] = {
    "person": PEOPLE,
    "human": PEOPLE,
    "adult": frozenset({"man", "woman"}),
    "grown-up": frozenset({"man", "woman"}),
    "kid": frozenset({"boy", "girl"}),
    "child": frozenset({"boy", "girl"}),
    "animal": frozenset(k for k, kind in KINDS.items() if kind.group == "animal"),
    "vehicle": frozenset(k for k, kind in KINDS.items() if kind.group == "vehicle"),
}
"""Nouns that cover several kinds."""

NOUNS: dict[str, frozenset[str]] = COLLECTIVE | {
    noun: frozenset({name}) for name, kind in KINDS.items() for noun in kind.nouns
}
"""Every noun, with the kinds that it names."""

_NOT_PEOPLE = frozenset(KINDS) - PEOPLE
PRONOUNS: dict[str, frozenset[str]] = {
    "he": frozenset({"man", "boy"}),
    "she": frozenset({"woman", "girl"}),
    "it": _NOT_PEOPLE,
    "one": frozenset(KINDS),
    "this": frozenset(KINDS),
    "thing": _NOT_PEOPLE,
    "someone": PEOPLE,
    "somebody": PEOPLE,
}
"""Words that stand for a thing without naming its category, with the kinds that they can stand for."""

TOPS = ("shirt", "top", "sweater", "jumper")
"""What everybody wears above; a girl's is also called a dress."""
BOTTOMS: dict[str, tuple[str, ...]] = {
    "man": ("trousers", "pants"),
    "boy": ("shorts",),
    "woman": ("skirt",),
    "girl": (),
}
HATS = ("hat",)
