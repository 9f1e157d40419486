"""Makes the expressions of a scene: a subject, clues that single it out, and varied ways to say them."""

from collections.abc import Sequence
from dataclasses import dataclass

from rebench.scenes.clues import Clue, clues_for
from rebench.scenes.dice import Dice
from rebench.scenes.graph import Graph, Node
from rebench.scenes.lexicon import COLLECTIVE, KINDS, NOUNS, PEOPLE, PRONOUNS

CELLS = ("simple", "object_distracting", "category_implicit", "both")
MOST_WORDS = 24
TRIES = 80


@dataclass(frozen=True, slots=True)
class Expression:
    """A sentence that means exactly one thing of a scene.

    Attributes:
        target: the index of the thing that is meant.
        named: how many other things the sentence names.
        object_distracting, category_implicit: true by construction.
    """

    text: str
    target: int
    named: int
    object_distracting: bool
    category_implicit: bool


def make_expression(graph: Graph, cell: str, dice: Dice) -> Expression | None:
    """An expression of one of the four CELLS, or None if the scene offers none within some tries."""
    distracting = cell in ("object_distracting", "both")
    implicit = cell in ("category_implicit", "both")
    rivalled = [n for n in graph if sum(m.category == n.category for m in graph) > 1]
    for _ in range(TRIES):
        node = dice.pick(rivalled if rivalled and dice.chance(0.9) else graph)
        subject = _subject(node, implicit, dice)
        kinds = PRONOUNS[subject] if implicit else NOUNS[subject]
        rivals = [n for n in graph if n.kind in kinds and n.index != node.index]
        if not rivals and dice.chance(0.9):
            continue
        clues = _choose(graph, node, rivals, distracting, dice)
        if clues is None:
            continue
        named = frozenset[int]().union(*(c.names for c in clues))
        text = _say(subject, node, clues, implicit, dice)
        if len(text.split()) <= MOST_WORDS:
            return Expression(text, node.index, len(named), distracting, implicit)
    return None


def _subject(node: Node, implicit: bool, dice: Dice) -> str:
    if implicit:
        words = [
            w for w, kinds in PRONOUNS.items() if node.kind in kinds and w not in ("someone", "somebody")
        ]
        if node.kind in PEOPLE and dice.chance(0.12):
            return dice.pick(("someone", "somebody"))
        if dice.chance(0.6):
            return next(w for w in ("he", "she", "it") if w in words)
        return dice.pick(words)
    if dice.chance(0.15):
        general = [noun for noun, kinds in COLLECTIVE.items() if node.kind in kinds]
        if general:
            return dice.pick(general)
    return dice.pick(KINDS[node.kind].nouns)


def _choose(graph: Graph, node: Node, rivals: list[Node], distracting: bool, dice: Dice) -> list[Clue] | None:
    """Some clues that together leave the node alone, or None."""
    plain, naming = clues_for(graph, node, rivals, dice)
    chosen: list[Clue] = []
    if distracting:
        fitting = [c for c in naming if _fits(c, node)]
        if not fitting:
            return None
        chosen = dice.shuffled(fitting)[: dice.weighted(((1, 3), (2, 1)))]
        more = dice.shuffled([c for c in plain if _fits(c, node) and c.rank is None])
        chosen += more[: dice.weighted(((0, 4), (1, 4), (2, 1)))]
    else:
        some = dice.weighted(((1, 3), (2, 4), (3, 3), (4, 1)))
        chosen = dice.shuffled([c for c in plain if _fits(c, node)])[:some]
    if _repeats(chosen) or not _singles_out(chosen, node, rivals):
        return None
    idle = distracting and _singles_out([c for c in chosen if not c.names], node, rivals)
    return None if idle and dice.chance(0.85) else chosen


def _repeats(clues: Sequence[Clue]) -> bool:
    """Whether the clues say a thing twice or rank twice, as nobody would."""
    slots = [c.slot for c in clues]
    named = [i for c in clues for i in c.names]
    return (
        sum(c.rank is not None for c in clues) > 1
        or ("denial" in slots and "looks" in slots)
        or len(set(named)) < len(named)
    )


def _fits(clue: Clue, node: Node) -> bool:
    return clue.fact is None or clue.fact(node) >= 1


def _singles_out(clues: Sequence[Clue], node: Node, rivals: Sequence[Node]) -> bool:
    """Whether the clues leave the node alone, with nobody on the edge of any of them."""
    facts = [c.fact for c in clues if c.fact is not None]
    named = frozenset[int]().union(*(c.names for c in clues))
    if node.index in named:
        return False
    left = [node]
    for rival in (r for r in rivals if r.index not in named):
        values = [fact(rival) for fact in facts]
        if all(v >= 1 for v in values):
            left.append(rival)
        elif not any(v <= -1 for v in values):
            return False
    ranks = [c for c in clues if c.rank is not None]
    if not ranks:
        return len(left) == 1
    clue = ranks[0]
    assert clue.rank is not None
    return clue.wants[0] <= len(left) <= clue.wants[1] and clue.rank(left)(node) >= 1


_ORDER = {"looks": 0, "denial": 0.5, "hands": 1, "place": 2, "rank": 3, "relation": 4, "contrast": 5}


def _say(subject: str, node: Node, clues: list[Clue], implicit: bool, dice: Dice) -> str:
    clues = sorted(clues, key=lambda c: _ORDER[c.slot])
    opening = next((c for c in clues if c.slot == "contrast"), None)
    if opening is None and subject not in ("someone", "somebody") and dice.chance(0.3):
        opening = next((c for c in clues if c.opening), None)
    if opening is not None or subject in ("he", "she", "it", "this"):
        text = _clause(subject, node, clues, opening, dice)
    else:
        text = _phrase(subject, clues, dice)
        if not implicit and dice.chance(0.25):
            text = _telegraphic(text)
        elif dice.chance(0.1):
            text = dice.pick(("find ", "look for ", "show me ", "spot ")) + text
    if dice.chance(0.04):
        text += dice.pick((" here", " in the picture"))
    if dice.chance(0.33):
        text = text[0].upper() + text[1:] + ("." if dice.chance(0.8) else "")
    return text


def _phrase(subject: str, clues: Sequence[Clue], dice: Dice) -> str:
    """A noun phrase: "the tallest man in a red hat"."""
    before: list[str] = []
    after: list[str] = []
    for clue in clues:
        first, _, rest = clue.after.partition(" ")
        if clue.adjective and dice.chance(0.5) and subject not in ("someone", "somebody"):
            # a ranking adjective stands first, as in "the smallest red ball"
            before.insert(0 if clue.rank else len(before), clue.adjective)
        elif first in ("second", "third") and len(clues) == 1 and dice.chance(0.5):
            before.append(first)
            after.append(rest)
        else:
            after.append(clue.after)
    article = "" if subject in ("someone", "somebody") else "the "
    return article + " ".join([*before, subject, _joined(after, dice)]).strip()


def _joined(parts: Sequence[str], dice: Dice) -> str:
    """Modifiers in a row: "in a red hat, on the left and next to the dog"."""
    text = ""
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        text += "" if i == 0 else (" and " if dice.chance(0.8) else " ") if last else dice.pick((", ", " "))
        text += part
    return text


def _clause(subject: str, node: Node, clues: list[Clue], opening: Clue | None, dice: Dice) -> str:
    """A sentence: "next to the bus, he is the one in the red hat"."""
    who = {"this": "this one", "one": "the one"}.get(
        subject, subject if subject in PRONOUNS else f"the {subject}"
    )
    rest = [c for c in clues if c is not opening or c.slot == "contrast"]
    start = f"{opening.opening}, " if opening else ""
    if not rest:
        assert opening is not None
        return f"{opening.opening} {dice.pick(('is', 'stands')) if node.kind in PEOPLE else 'is'} {who}"
    if len(rest) > 1 and any(c.rank for c in rest):
        # a ranking is among those that fit the rest: "he is the tallest one in a red hat"
        return f"{start}{who} is {_phrase('one', rest, dice)}"
    return f"{start}{who} is {_joined([_predicate(c, dice) for c in rest], dice)}"


def _predicate(clue: Clue, dice: Dice) -> str:
    """A clue after "is": "wearing a red hat", "the one with blond hair", "the tallest"."""
    words = clue.after.removeprefix("that is ").removeprefix("who is ")
    if words.startswith("with ") or (clue.slot == "looks" and " " in words and dice.chance(0.25)):
        return f"the one {words}"
    if clue.slot != "rank":
        return words
    if clue.adjective and dice.chance(0.5):
        return f"the {clue.adjective}{dice.pick((' one', ''))}"
    return words if words.startswith("the ") or dice.chance(0.5) else f"the one {words}"


def _telegraphic(text: str) -> str:
    """The clipped style of RefCOCO: "man red shirt left"."""
    dropped = {"the", "a", "an", "wearing", "on", "is", "that", "who"}
    words = text.replace(",", "").replace("not wearing a", "no").split()
    return " ".join(w for w in words if w not in dropped or (w == "on" and "far" in words))
