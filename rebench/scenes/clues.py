"""What can be said of one thing in a scene so that others are ruled out: the clues of an expression."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rebench.scenes.dice import Dice
from rebench.scenes.graph import (
    Fact,
    Graph,
    Node,
    behind,
    between,
    bigger,
    closer,
    is_true,
    left_of,
    most,
    nearer,
    next_to,
    nth_from_left,
    on_left,
    taller,
)
from rebench.scenes.lexicon import BOTTOMS, COLLECTIVE, KINDS, NOUNS, PEOPLE, TOPS

Rank = Callable[[list[Node]], Fact]


@dataclass(frozen=True)
class Clue:
    """One restriction or ranking, with its words.

    Attributes:
        slot: where it may stand: what it looks like first, then place, relations and ranks.
        after: the words that follow the noun ("in the red hat").
        adjective: the words before the noun, where it can be said so ("leftmost").
        opening: the words before the subject, closed by a comma ("next to the bus").
        fact: what restricts, or None if the clue ranks.
        rank: what ranks, or None.
        wants: how many candidates a ranking must be among: (at least, at most).
        names: indices of other things that the words name.
    """

    slot: str
    after: str
    adjective: str | None = None
    opening: str | None = None
    fact: Fact | None = None
    rank: Rank | None = None
    wants: tuple[int, int] = (2, 99)
    names: frozenset[int] = frozenset()


def name_of(graph: Graph, node: Node, dice: Dice) -> str | None:
    """A phrase that fits this node alone ("the woman in the red hat"), or None if none was found."""
    noun = dice.pick(KINDS[node.kind].nouns)
    if node.kind in PEOPLE and dice.chance(0.15):
        noun = dice.pick([n for n, kinds in COLLECTIVE.items() if node.kind in kinds])
    alike = [n for n in graph if n.kind in NOUNS[noun]]
    if len(alike) == 1 and dice.chance(0.6):
        return f"the {noun}"
    for clue in dice.shuffled(list(_looks(node, alike, dice)) + list(_plain_ranks(node, dice))):
        if clue.rank is not None:
            found = len(alike) > 1 and clue.rank(alike)(node) >= 1
        else:
            assert clue.fact is not None
            found = clue.fact(node) >= 1 and all(clue.fact(n) <= -1 for n in alike if n.index != node.index)
        if found and (clue.adjective or clue.slot == "looks"):
            return f"the {clue.adjective} {noun}" if clue.adjective else f"the {noun} {clue.after}"
    return f"the {noun}" if len(alike) == 1 else None


def clues_for(graph: Graph, node: Node, rivals: list[Node], dice: Dice) -> tuple[list[Clue], list[Clue]]:
    """Everything worth saying of a node: (clues that name nothing else, clues that name other things)."""
    landmarks = [
        (other, name)
        for other in graph
        if other.index != node.index and other.holder != node.index
        for name in [name_of(graph, other, dice)]
        if name is not None
    ]
    plain = [*_looks(node, rivals, dice), *_empty_hands(node, dice), *_places(node, dice)]
    plain += [*_plain_ranks(node, dice), *_numbered(node, rivals, dice)]
    naming = [*_holding(graph, node, dice)]
    for other, name in landmarks:
        naming += _relations(node, other, name, dice)
    for other, name in landmarks:
        for second, second_name in landmarks:
            if other.index != second.index:
                naming += _relations_of_two(node, (other, name), (second, second_name), dice)
    return plain, naming


def _looks(node: Node, rivals: list[Node], dice: Dice) -> Iterator[Clue]:
    if node.kind in PEOPLE:
        yield from _clothes(node, dice)
        return
    colour = node.colour

    def coloured(which: str) -> Fact:
        return lambda a: is_true(a.category != "person" and a.colour == which)

    yield Clue("looks", f"that is {colour}", colour, fact=coloured(colour))
    others = sorted({r.colour for r in rivals if r.colour != colour and r.kind not in PEOPLE})
    if others:
        other = dice.pick(others)
        is_other = coloured(other)
        yield Clue("denial", f"that is not {other}", fact=lambda a: -is_other(a))


def _clothes(node: Node, dice: Dice) -> Iterator[Clue]:
    def wearing(what: str) -> str:
        return dice.pick(("in the", "in a", "wearing a", "wearing the", "with the", "with a")) + " " + what

    top, bottom, hair, hat = node.colour, node.bottom, node.hair, node.hat
    if node.kind == "girl":
        yield Clue(
            "looks", wearing(f"{top} dress"), fact=lambda a: is_true(a.kind == "girl" and a.colour == top)
        )
    else:
        yield Clue(
            "looks",
            wearing(f"{top} {dice.pick(TOPS)}"),
            fact=lambda a: is_true(a.category == "person" and a.kind != "girl" and a.colour == top),
        )
    if bottom:
        word = dice.pick(BOTTOMS[node.kind])
        prefix = (
            dice.pick(("in", "wearing", "with")) if word.endswith("s") else dice.pick(("in a", "wearing a"))
        )
        kind = node.kind
        yield Clue(
            "looks",
            f"{prefix} {bottom} {word}",
            fact=lambda a: is_true(a.kind == kind and a.bottom == bottom),
        )
    yield Clue(
        "looks",
        f"with {hair} hair",
        f"{hair}-haired",
        fact=lambda a: is_true(a.category == "person" and a.hair == hair),
    )
    if hat and dice.chance(0.7):
        yield Clue("looks", wearing(f"{hat} hat"), fact=lambda a: is_true(a.hat == hat))
    elif hat:
        words = dice.pick(("wearing a hat", "with a hat", "in a hat"))
        yield Clue("looks", words, fact=lambda a: is_true(a.hat is not None))
    else:
        without = dice.pick(("without a hat", "not wearing a hat", "with no hat", "wearing no hat"))
        yield Clue("looks", without, fact=lambda a: is_true(a.hat is None))


def _empty_hands(node: Node, dice: Dice) -> Iterator[Clue]:
    if node.kind in PEOPLE and node.holds is None:
        words = dice.pick(("holding nothing", "not holding anything", "with empty hands", "carrying nothing"))
        yield Clue("hands", words, fact=lambda a: is_true(a.holds is None and a.category == "person"))


def _places(node: Node, dice: Dice) -> Iterator[Clue]:
    side, fact = ("left", on_left) if node.x < 64 else ("right", lambda a: -on_left(a))
    yield Clue(
        "place", dice.pick((f"on the {side}", f"on the {side} side", f"at the {side}")), side, fact=fact
    )


def _plain_ranks(node: Node, dice: Dice) -> Iterator[Clue]:
    def rank(exceeds: Callable[[Node, Node], float]) -> Rank:
        return lambda nodes: most(nodes, exceeds)

    def converse(exceeds: Callable[[Node, Node], float]) -> Callable[[Node, Node], float]:
        return lambda a, b: exceeds(b, a)

    for side, exceeds in (("left", left_of), ("right", converse(left_of))):
        words = dice.pick((f"on the far {side}", f"furthest to the {side}"))
        yield Clue("rank", words, f"{side}most", rank=rank(exceeds))
    if node.kind in PEOPLE or node.kind in ("lamp", "giraffe"):
        names, size = (("tallest", "taller"), ("shortest", "shorter")), taller
    else:
        names = (dice.pick((("biggest", "bigger"), ("largest", "larger"))), ("smallest", "smaller"))
        size = bigger
    for (superlative, comparative), exceeds in zip(names, (size, converse(size)), strict=True):
        for word, wants in ((superlative, (3, 99)), (comparative, (2, 2))):
            words = f"{'who' if node.kind in PEOPLE else 'that'} is the {word}"
            yield Clue("rank", words, word, rank=rank(exceeds), wants=wants)
    near = dice.pick(("closest to the camera", "nearest to us", "nearest to the camera"))
    yield Clue("rank", near, "nearest", rank=rank(nearer))
    far = dice.pick(("farthest from the camera", "furthest from us", "farthest away", "furthest back"))
    yield Clue("rank", far, "farthest", rank=rank(converse(nearer)))


def _numbered(node: Node, rivals: list[Node], dice: Dice) -> Iterator[Clue]:
    def from_left(n: int) -> Rank:
        return lambda nodes: nth_from_left(nodes, n)

    def from_right(n: int) -> Rank:
        return lambda nodes: nth_from_left(nodes, len(nodes) - 1 - n)

    for n, word in ((1, "second"), (2, "third")):
        yield Clue("rank", f"{word} from the left", rank=from_left(n), wants=(3, 99))
        yield Clue("rank", f"{word} from the right", rank=from_right(n), wants=(3, 99))
    yield Clue("rank", "in the middle", "middle", rank=from_left(1), wants=(3, 3))


def _holding(graph: Graph, node: Node, dice: Dice) -> Iterator[Clue]:
    if node.holds is not None:
        held = graph[node.holds]
        coloured = dice.chance(0.5)
        same = [n for n in graph if n.kind == held.kind and (not coloured or n.colour == held.colour)]
        holders = {n.holder for n in same}
        what = f"{held.colour} {held.kind}" if coloured else held.kind
        words = dice.pick(("holding", "carrying", "with")) + (" an " if what[0] in "aeiou" else " a ") + what
        if dice.chance(0.3):
            words = words.replace(" a ", " the ").replace(" an ", " the ")
        yield Clue(
            "relation",
            words,
            fact=lambda a: is_true(a.index in holders),
            names=frozenset(n.index for n in same),
        )
    if node.holder is not None:
        holder = graph[node.holder]
        name = name_of(graph, holder, dice)
        if name:
            words = f"{dice.pick(('held by', 'carried by'))} {name}"
            yield Clue(
                "relation",
                words,
                fact=lambda a: is_true(a.holder == holder.index),
                names=frozenset({holder.index}),
            )


def _relations(node: Node, other: Node, name: str, dice: Dice) -> Iterator[Clue]:
    def clue(words: str, fact: Fact, opens: bool = False) -> Clue:
        return Clue(
            "relation", words, fact=fact, names=frozenset({other.index}), opening=words if opens else None
        )

    if node.holder == other.index:
        return
    left = dice.pick(("to the left of", "left of", "on the left of"))
    right = dice.pick(("to the right of", "right of", "on the right of"))
    yield clue(f"{left} {name}", lambda a: left_of(a, other), opens=True)
    yield clue(f"{right} {name}", lambda a: left_of(other, a), opens=True)
    yield clue(f"behind {name}", lambda a: behind(a, other), opens=True)
    yield clue(f"in front of {name}", lambda a: behind(other, a), opens=True)
    yield clue(
        f"{dice.pick(('next to', 'beside', 'right by'))} {name}", lambda a: next_to(a, other), opens=True
    )
    yield clue(f"not next to {name}", lambda a: -next_to(a, other))

    def closest(nodes: list[Node]) -> Fact:
        return most(nodes, lambda a, b: closer(a, b, other))

    def farthest(nodes: list[Node]) -> Fact:
        return most(nodes, lambda a, b: closer(b, a, other))

    for words, rank in (
        (dice.pick(("closest to", "nearest to")), closest),
        (dice.pick(("farthest from", "furthest from")), farthest),
    ):
        yield Clue("relation", f"{words} {name}", rank=rank, names=frozenset({other.index}))
    if other.category == node.category:
        if node.kind in PEOPLE:
            yield clue(f"taller than {name}", lambda a: taller(a, other))
            yield clue(f"shorter than {name}", lambda a: taller(other, a))
        else:
            yield clue(f"{dice.pick(('bigger', 'larger'))} than {name}", lambda a: bigger(a, other))
            yield clue(f"smaller than {name}", lambda a: bigger(other, a))


def _relations_of_two(
    node: Node, first: tuple[Node, str], second: tuple[Node, str], dice: Dice
) -> Iterator[Clue]:
    (other, name), (third, third_name) = first, second
    names = frozenset({other.index, third.index})
    words = f"between {name} and {third_name}"
    yield Clue("relation", words, opening=words, fact=lambda a: between(a, other, third), names=names)
    if third.category == node.category:

        def fact(a: Node) -> float:
            return closer(a, third, other)

        yield Clue("relation", f"closer to {name} than {third_name} is", fact=fact, names=names)
        start = dice.pick(("compared to", "compared with"))
        yield Clue("contrast", f"closer to {name}", opening=f"{start} {third_name}", fact=fact, names=names)
