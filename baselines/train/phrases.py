"""Short phrases with everything that they fit: how a model learns what words look like before sentences.

"red hat" fits everybody in a red hat, "animal left" every animal in the left half. Unlike an expression, a
phrase means all that it fits, so one picture teaches any word about it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rebench.scenes.lexicon import BOTTOMS, COLOURS, HAIR, KINDS, NOUNS, PEOPLE, PRONOUNS, TOPS

Looks = NDArray[np.uint8]
Choice = NDArray[np.bool_]
KIND_NAMES, COLOUR_NAMES, HAIR_NAMES = tuple(KINDS), tuple(COLOURS), tuple(HAIR)


@dataclass(frozen=True)
class Phrase:
    """Some words, and which instances of the picture they fit, bool (instances,)."""

    text: str
    fits: Choice


def make_phrase(looks: Looks, middles: NDArray[np.float64], rng: np.random.Generator) -> Phrase:
    """A phrase of one to three parts that fits at least one instance.

    Args:
        looks: (instances, 5), as `ScenesSplit.looks`.
        middles: the horizontal middle of each instance, from 0 to 1.
    """
    someone = int(rng.integers(len(looks)))
    makers: list[Callable[..., Phrase | None]] = [_kind, _colour, _worn, _side]
    parts = [make(looks, middles, someone, rng) for make in rng.permutation(np.array(makers, object))]
    said = [part for part in parts if part is not None][: int(rng.choice([1, 2, 3], p=[0.55, 0.35, 0.1]))]
    fits = np.logical_and.reduce([part.fits for part in said])
    return Phrase(" ".join(part.text for part in said), fits)


def _kind(looks: Looks, _middles: NDArray[np.float64], i: int, rng: np.random.Generator) -> Phrase:
    """A noun or a pronoun."""
    table = NOUNS if rng.random() < 0.75 else PRONOUNS
    words = [word for word, kinds in table.items() if KIND_NAMES[looks[i, 0] - 1] in kinds]
    word = str(rng.choice(words))
    return Phrase(word, np.array([KIND_NAMES[k - 1] in table[word] for k in looks[:, 0]]))


def _colour(looks: Looks, _middles: NDArray[np.float64], i: int, rng: np.random.Generator) -> Phrase:
    """The colour of a thing, or of what somebody wears above."""
    person = np.array([KIND_NAMES[k - 1] in PEOPLE for k in looks[:, 0]])
    girl = looks[:, 0] == KIND_NAMES.index("girl") + 1
    same = looks[:, 1] == looks[i, 1]
    name = COLOUR_NAMES[looks[i, 1] - 1]
    if not person[i]:
        return Phrase(name, same & ~person)
    if girl[i]:
        return Phrase(f"{name} dress", same & girl)
    return Phrase(f"{name} {rng.choice(TOPS)}", same & person & ~girl)


def _worn(looks: Looks, _middles: NDArray[np.float64], i: int, rng: np.random.Generator) -> Phrase | None:
    """A hat or none, hair, or what is worn below."""
    kind = KIND_NAMES[looks[i, 0] - 1]
    if kind not in PEOPLE:
        return None
    person = looks[:, 4] > 0
    hatted = looks[:, 3] > 0
    options = [Phrase(f"{HAIR_NAMES[looks[i, 4] - 1]} hair", looks[:, 4] == looks[i, 4])]
    if hatted[i]:
        options.append(Phrase(f"{COLOUR_NAMES[looks[i, 3] - 1]} hat", looks[:, 3] == looks[i, 3]))
        options.append(Phrase("with a hat", hatted))
    else:
        options.append(Phrase(str(rng.choice(["without a hat", "no hat"])), person & ~hatted))
    if looks[i, 2]:
        word = str(rng.choice(BOTTOMS[kind]))
        text = f"{COLOUR_NAMES[looks[i, 2] - 1]} {word}"
        options.append(Phrase(text, (looks[:, 2] == looks[i, 2]) & (looks[:, 0] == looks[i, 0])))
    return options[int(rng.integers(len(options)))]


def _side(_looks: Looks, middles: NDArray[np.float64], i: int, rng: np.random.Generator) -> Phrase:
    """A half of the picture."""
    left = middles < 0.5
    return Phrase("left", left) if left[i] else Phrase("right", ~left)
