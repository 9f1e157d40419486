"""Noun phrases without a parser: closed word classes end a phrase, and so does what a telegram leaves out."""

from dataclasses import dataclass

from rebench.ambiguity.english.grammar import can_be_noun, kind
from rebench.ambiguity.english.lexicon import is_a, names
from rebench.ambiguity.english.tokens import Token

NAMING = ("noun", "vague")
BEFORE_NOUNS = (*NAMING, "adjective")
FRESH = ("preposition", "possessive mark", "mark", "conjunction")
"""What a new phrase can follow."""

JOINTS = ("and", "or", ",", "/", "&")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A noun phrase; its last word is its head.

    Attributes:
        words: the words of the phrase, at least one.
        first: the position of its first token; `last` is that of its last.
        link: the words between the phrase before and this one.
    """

    words: tuple[str, ...]
    first: int
    last: int
    link: tuple[str, ...]

    @property
    def noun(self) -> str:
        """The head."""
        return self.words[-1]

    @property
    def determiner(self) -> str:
        """The first word if it is a determiner or a possessive, else empty."""
        word = self.words[0]
        return word if is_a(word, "determiner") or is_a(word, "possessive") else ""

    @property
    def owned(self) -> bool:
        """Whether it begins with his, her, its or their."""
        return self.words[0] in ("his", "her", "its", "their")

    def cut(self, at: int) -> "tuple[Chunk, Chunk]":
        """Two phrases, the first with the words up to and with position `at`."""
        middle = self.first + at
        left = Chunk(self.words[: at + 1], self.first, middle, self.link)
        return left, Chunk(self.words[at + 1 :], middle + 1, self.last, ())


def find_chunks(tokens: list[Token]) -> list[Chunk]:
    """The noun phrases in order; positions are those of `tokens`."""
    return _Chunker([token.word for token in tokens]).run()


class _Chunker:
    """Walks over the words; holds the phrase that is open and the words since the last one."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.open: list[int] = []
        self.named = False  # whether the open phrase has its noun
        self.link: list[str] = []
        self.found: list[Chunk] = []

    def run(self) -> list[Chunk]:
        for position in range(len(self.words)):
            self._step(position)
        self._close()
        return self.found

    def _step(self, at: int) -> None:
        role = self._role(at)
        if role == "noun":
            self._add(at, names=True)
        elif role in ("vague", "pronoun"):  # a phrase ends with these, and a pronoun is one alone
            described = role == "vague" and is_a(self.words[at], "stand_in")  # "the chocolate one"
            if (self.named and not described) or role == "pronoun":
                self._close()
            self._add(at, names=True)
            self._close()
        elif role in ("determiner", "possessive"):
            if self.open and (self.named or kind(self.words[self.open[-1]]) not in ("determiner", "adverb")):
                self._close()
            self._add(at)
        elif role == "adjective":
            if self.named:
                self._close()
            self._add(at)
        elif role == "joint" or (role == "adverb" and self.open and not self.named):
            self._add(at)
        else:
            self._close()
            self.link.append(self.words[at])

    def _role(self, at: int) -> str:
        """What the word does here: its kind, if its neighbours do not make it another; or a boundary."""
        word, after = self.words[at], self._kind(at + 1)
        role = kind(word)
        if role in ("mark", "conjunction"):
            return "joint" if self._joins_adjectives(at) else "boundary"
        if role == "possessive":
            object_form = word == "her" and after not in (*BEFORE_NOUNS, "participle")
            return "pronoun" if object_form else role
        if role == "relative":
            return self._relative(at)
        if role == "vague":
            return "adjective" if word == "one" and after == "noun" else role
        if word == "neither" and after in NAMING:
            return "determiner"
        if word == "next" and self._word(at + 1) == "to":
            return "boundary"
        if role == "adjective" and is_a(word, "preposition"):  # near, opposite
            begins = not self.open and not at
            before_noun = after not in ("determiner", "possessive")
            return role if (self.open or begins) and before_noun else "boundary"
        if is_a(word, "tint"):
            return self._tint(at)
        if role == "adjective" and word in names():  # male, light
            return "noun" if self._stands_for_noun(at) else role
        if role == "participle":
            return self._participle(at)
        return self._verb(at) if role == "verb" else role

    def _relative(self, at: int) -> str:
        """ "which dog" and "that dog" begin a phrase, "the dog that" ends one."""
        word, after = self.words[at], self._kind(at + 1)
        if word in ("which", "whose") and not self.open and not self.found:
            return "determiner"
        follows_noun = self.named or (bool(self.found) and self.found[-1].last == at - 1)
        return "determiner" if word == "that" and not follows_noun and after in BEFORE_NOUNS else "boundary"

    def _tint(self, at: int) -> str:
        """What colours are called after is one before a noun, beside a colour, and where one is stated."""
        stated = at > 0 and not self.open and self._kind(at - 1) in ("copula", "negation", "adverb")
        after = self._word(at + 1)
        before_noun = any(is_a(after, name) for name in ("stand_in", "colour"))
        before_noun = before_noun or (self.words[at] == "orange" and self._kind(at + 1) in BEFORE_NOUNS)
        joined = any(
            is_a(self._word(at + step), "colour") and self._word(at + step // 2) in JOINTS
            for step in (-2, 2)
            if at + step >= 0
        )
        if stated or before_noun or joined or (self.named and self.words[at] == "orange"):
            return "adjective"
        return "noun"

    def _stands_for_noun(self, at: int) -> bool:
        """ "male" in "male facing left", "light" in "light left"; not in "male dog", "light blue"."""
        if self._word(at + 1).endswith("ing") and self._kind(at + 1) == "participle":
            return True
        end = at + 1
        while is_a(self._word(end), "direction"):
            end += 1
        return end > at + 1 and self._kind(end) not in BEFORE_NOUNS

    def _participle(self, at: int) -> str:
        """Before a noun "parked" is an adjective, after one it begins what the noun does."""
        word, after = self.words[at], self._kind(at + 1)
        if self.named or after not in (*BEFORE_NOUNS, "participle"):
            return "boundary"
        if self.open:
            return "adjective"
        if is_a(word, "transitive") or is_a(word, "wear"):  # "holding umbrella"
            return "boundary"
        before = self._kind(at - 1) if at else "mark"
        return "adjective" if before in FRESH else "boundary"

    def _verb(self, at: int) -> str:
        """A word that can be a verb is one after a noun, and a noun after what only stands before nouns."""
        word = self.words[at]
        if self.open and not self.named:
            if word.endswith(("ed", "n", "t", "ld")) and self._kind(at + 1) in NAMING:  # "the worn book"
                return "adjective"
            return "noun" if can_be_noun(word) else "boundary"
        fresh = not self.open and (not at or self._kind(at - 1) in FRESH)
        if fresh and word.endswith(("en", "rn", "wn")) and self._kind(at + 1) in NAMING:  # "stolen bike"
            return "adjective"
        placed = at > 0 and self._kind(at - 1) == "preposition" and self.words[at - 1] != "to"
        return "noun" if placed and can_be_noun(word) else "boundary"

    def _joins_adjectives(self, at: int) -> bool:
        """ "black and white dog", but not "man in black, left"."""
        if self.words[at] not in JOINTS or not self.open or self.named:
            return False
        before, after = self.words[self.open[-1]], self._word(at + 1)
        if any(is_a(a, "colour") and is_a(b, "tint") for a, b in ((before, after), (after, before))):
            return True
        return kind(before) == self._kind(at + 1) == "adjective" and after != "left"

    def _word(self, at: int) -> str:
        return self.words[at] if at < len(self.words) else ""

    def _kind(self, at: int) -> str:
        return kind(self.words[at]) if at < len(self.words) else "end"

    def _add(self, at: int, names: bool = False) -> None:
        self.open.append(at)
        self.named = self.named or names

    def _close(self) -> None:
        """Ends the open phrase, without what cannot stand at its end."""
        positions = self.open
        self.open, self.named = [], False
        while positions and kind(self.words[positions[-1]]) in ("adverb", "mark", "conjunction"):
            positions.pop()
        if positions:
            words = tuple(self.words[p] for p in positions)
            self.found.append(Chunk(words, positions[0], positions[-1], tuple(self.link)))
            self.link = []
