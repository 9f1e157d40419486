"""Reads an expression and finds what it means in a scene: the symbolic interpreter.

It knows nothing of how expressions are made. It reads English words, left to right, with a small grammar:

    expression = [opening ","] phrase
    phrase     = {adjective} head {modifier}
    head       = noun | pronoun | "one" | nothing, where an adjective stands for it
    modifier   = clothing | colour | place | rank | relation phrase...

Attributes restrict, and what ranks ("tallest", "second from the left", "closest to the dog") ranks what is
left after every restriction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rebench.scenes.graph import Fact, Graph, Node, between, closer, is_true, most, nth_from_left
from rebench.scenes.lexicon import BOTTOMS, COLOURS, HATS, HOLDABLE, KINDS, NOUNS, PRONOUNS, TOPS
from rebench.scenes.meanings import (
    COMPARATIVES,
    FILLERS,
    ORDINALS,
    RANKS,
    RELATIONS,
    SUPERLATIVES,
    THAN,
    Rank,
    coloured,
    garment,
    hair,
    half,
)


class Unreadable(ValueError):
    """The expression is not in the interpreter's English."""


@dataclass
class Query:
    """What one phrase asks for.

    Attributes:
        kinds: the kinds that its head names or can stand for.
        facts: what must hold of every candidate.
        ranks: what picks among the candidates.
        mentioned: indices of the other things that the expression names.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    facts: list[Fact] = field(default_factory=list)
    ranks: list[Rank] = field(default_factory=list)
    mentioned: set[int] = field(default_factory=set)

    def answer(self, graph: Graph) -> list[Node]:
        """The nodes that satisfy the phrase."""
        nodes = [n for n in graph if n.kind in self.kinds and n.index not in self.mentioned]
        nodes = [n for n in nodes if all(fact(n) > 0 for fact in self.facts)]
        for rank in self.ranks:
            fact = rank(nodes)
            nodes = [n for n in nodes if fact(n) > 0]
        return nodes


def resolve(expression: str, graph: Graph) -> list[Node]:
    """Everything in the scene that the expression can mean; a good expression means one thing.

    Raises:
        Unreadable: a word or a construction is not known.
    """
    return _Reader(expression, graph).read().answer(graph)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, expression: str, graph: Graph) -> None:
        text = expression.lower().replace(",", " , ").replace("'s ", " ").replace("potted plant", "plant")
        words = (word.strip(".?!;:") for word in text.split())
        self.words = [w for w in words if w and w not in FILLERS]
        self.graph = graph
        self.at = 0
        self.ordinal: int | None = None
        self.query = Query()

    # Words

    def _peek(self, ahead: int = 0) -> str:
        return self.words[self.at + ahead] if self.at + ahead < len(self.words) else ""

    def _take(self, *phrases: str) -> bool:
        """Step over the first of the phrases that comes next."""
        for phrase in phrases:
            parts = phrase.split()
            if self.words[self.at : self.at + len(parts)] == parts:
                self.at += len(parts)
                return True
        return False

    def _take_key(self, table: Mapping[str, object]) -> str | None:
        """Step over the longest key of the table that comes next, and return it."""
        for key in sorted(table, key=len, reverse=True):
            if self._take(key):
                return key
        return None

    def _fail(self) -> Unreadable:
        return Unreadable(f"cannot read {self._peek()!r} in {' '.join(self.words)!r}")

    # Grammar

    def read(self) -> Query:
        opening = self._opening()
        self._head(self.query)
        while self.at < len(self.words):
            if not self._modifier():
                raise self._fail()
        if opening is not None:
            opening()
        return self.query

    def _opening(self) -> Callable[[], None] | None:
        """What may stand before the subject: a comparison or a relation, closed by a comma."""
        if self._take("compared to", "compared with", "unlike", "in contrast to"):
            other = self._landmark()
            self.rival: Node | None = other
            self._take(",")
            return None
        self.rival = None
        relation = self._take_key(RELATIONS)
        if relation:
            self._relate(RELATIONS[relation], self._landmark())
            self._take(",")
        elif self._take("between"):
            self._between()
            self._take(",")
        return None

    def _head(self, query: Query) -> None:
        """Adjectives and the word they belong to."""
        if self._take("one of two"):
            return
        while True:
            word = self._peek()
            if word in ORDINALS and self._peek(1) not in ("from",):
                self.at += 1
                self.ordinal = ORDINALS[word]
                continue
            if word in SUPERLATIVES and not self._starts_rank():
                self.at += 1
                query.ranks.append(SUPERLATIVES[word])
            elif word in COMPARATIVES and self._peek(1) != "than":
                self.at += 1
                query.ranks.append(SUPERLATIVES[COMPARATIVES[word]])
                self._take("of two")
            elif word == "middle":
                self.at += 1
                query.ranks.append(lambda nodes: nth_from_left(nodes, len(nodes) // 2))
            elif word in ("left", "right") and (self._peek(1) in NOUNS or self._peek(1) in PRONOUNS):
                self.at += 1
                query.facts.append(half(word))
            elif word.endswith("-haired"):
                self.at += 1
                query.facts.append(hair(word.removesuffix("-haired")))
            elif word in COLOURS and not self._garment_after(1):
                self.at += 1
                query.facts.append(coloured(word))
            else:
                break
        word = self._peek()
        if word in NOUNS or word in PRONOUNS:
            self.at += 1
            query.kinds = NOUNS.get(word) or PRONOUNS[word]
            self._take("one")

    def _landmark(self) -> Node:
        """A noun phrase that names another thing, with the clothes that directly follow it."""
        query = Query()
        self._head(query)
        if len(query.kinds) == len(KINDS):
            raise self._fail()
        while self._clothing(query):
            pass
        nodes = query.answer(self.graph)
        if len(nodes) != 1:
            raise Unreadable(f"{len(nodes)} things fit the landmark in {' '.join(self.words)!r}")
        self.query.mentioned.add(nodes[0].index)
        return nodes[0]

    def _relate(self, relation: Callable[[Node, Node], float], landmark: Node, sign: int = 1) -> None:
        self.query.facts.append(lambda a: sign * relation(a, landmark))

    def _between(self) -> None:
        first = self._landmark()
        self._take("and")
        second = self._landmark()
        self.query.facts.append(lambda a: between(a, first, second))

    def _modifier(self) -> bool:
        """One restriction or ranking of the subject."""
        if self._take("and", ",", "but"):
            return True
        if self._clothing(self.query) or self._rank() or self._relation() or self._hands() or self._place():
            return True
        word = self._peek()
        if self._take("not"):
            colour = self._peek()
            if colour in COLOURS:
                self.at += 1
                fact = coloured(colour)
                self.query.facts.append(lambda a: -fact(a))
                return True
            relation = self._take_key(RELATIONS)
            if relation:
                self._relate(RELATIONS[relation], self._landmark(), sign=-1)
                return True
            raise self._fail()
        if word in COLOURS or word.endswith("-haired"):
            self.at += 1
            shade = word.removesuffix("-haired")
            self.query.facts.append(coloured(word) if shade == word else hair(shade))
            return True
        return self._take("one", "of two", "of them all", "in picture", "here")

    def _starts_rank(self) -> bool:
        here = self.at
        found = self._take_key(RANKS) or self._take("nearest to", "farthest from")
        self.at = here
        return bool(found)

    def _rank(self) -> bool:
        found = self._take_key(RANKS)
        if found:
            self.query.ranks.append(SUPERLATIVES[RANKS[found]])
            return True
        if self._take("closest to", "nearest to"):
            landmark = self._landmark()
            self.query.ranks.append(lambda nodes: most(nodes, lambda a, b: closer(a, b, landmark)))
            return True
        if self._take("farthest from", "furthest from"):
            landmark = self._landmark()
            self.query.ranks.append(lambda nodes: most(nodes, lambda a, b: closer(b, a, landmark)))
            return True
        word = self._peek()
        if word in ORDINALS or word == "from":
            if word in ORDINALS:
                self.ordinal = ORDINALS[word]
                self.at += 1
                self._take("one")
            n = self.ordinal
            if n is None:
                raise self._fail()
            if self._take("from left"):
                self.query.ranks.append(lambda nodes: nth_from_left(nodes, n))
            elif self._take("from right"):
                self.query.ranks.append(lambda nodes: nth_from_left(nodes, len(nodes) - 1 - n))
            else:
                raise self._fail()
            return True
        if self._take("in middle", "middle"):
            self.query.ranks.append(lambda nodes: nth_from_left(nodes, len(nodes) // 2))
            return True
        if word in SUPERLATIVES or (word in COMPARATIVES and self._peek(1) != "than" and not self.rival):
            self.at += 1
            self.query.ranks.append(SUPERLATIVES[COMPARATIVES.get(word, word)])
            return True
        return False

    def _relation(self) -> bool:
        found = self._take_key(RELATIONS)
        if found:
            self._relate(RELATIONS[found], self._landmark())
            return True
        if self._take("between"):
            self._between()
            return True
        if self._take("closer to"):
            landmark = self._landmark()
            rival = self._landmark() if self._take("than") else self.rival
            if rival is None:
                raise self._fail()
            self.query.facts.append(lambda a: closer(a, rival, landmark))
            return True
        word = self._peek()
        if word in THAN and (self._peek(1) == "than" or self.rival):
            self.at += 1
            other = self._landmark() if self._take("than") else self.rival
            assert other is not None
            self._relate(THAN[word], other)
            return True
        return False

    def _hands(self) -> bool:
        """Who holds what."""
        if self._take("holding nothing", "not holding anything", "with empty hands", "carrying nothing"):
            self.query.facts.append(lambda a: is_true(a.category == "person" and a.holds is None))
            return True
        if self._take("held by", "carried by", "in hand of"):
            holder = self._landmark()
            self.query.facts.append(lambda a: is_true(a.holder == holder.index))
            return True
        here = self.at
        if self._take("holding", "holds", "carrying", "carries", "with"):
            colour = self._peek()
            if colour in COLOURS:
                self.at += 1
            kinds = NOUNS.get(self._peek())
            if not kinds or not kinds <= set(HOLDABLE):
                self.at = here
                return False
            self.at += 1
            held = [
                n for n in self.graph if n.kind in kinds and (colour not in COLOURS or n.colour == colour)
            ]
            self.query.mentioned |= {n.index for n in held}
            holders = {n.holder for n in held}
            self.query.facts.append(lambda a: is_true(a.index in holders))
            return True
        return False

    def _place(self) -> bool:
        for side in ("left", "right"):
            if self._take(f"on {side}", f"at {side}", f"{side} half", side):
                self.query.facts.append(half(side))
                return True
        return False

    def _garment_after(self, ahead: int) -> bool:
        word = self._peek(ahead)
        return (
            word in TOPS
            or word in HATS
            or word in ("dress", "hair")
            or any(word in b for b in BOTTOMS.values())
        )

    def _clothing(self, query: Query) -> bool:
        """Clothes and hair, with or without the small words that introduce them."""
        here = self.at
        self._take("and")
        if self._take(
            "without hat", "not wearing hat", "wearing no hat", "with no hat", "no hat", "bareheaded"
        ):
            query.facts.append(lambda a: is_true(a.hat is None))
            return True
        self._take("dressed in", "in", "with", "wearing", "wears")
        if self._take(*HATS):
            query.facts.append(lambda a: is_true(a.hat is not None))
            return True
        colour, word = self._peek(), self._peek(1)
        fact = garment(colour, word)
        if fact is None:
            self.at = here
            return False
        self.at += 2
        query.facts.append(fact)
        return True
