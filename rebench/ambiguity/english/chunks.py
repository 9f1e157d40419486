"""Noun phrases without a parser: closed word classes end a phrase, and so does what a telegram leaves out."""

from dataclasses import dataclass

from rebench.ambiguity.english.grammar import can_be_noun, kind
from rebench.ambiguity.english.lexicon import is_a
from rebench.ambiguity.english.tokens import Token

NAMING = ("noun", "vague")
BEFORE_NOUNS = (*NAMING, "adjective")


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
            if self.named or role == "pronoun":
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
        if word == "orange":
            stated = at > 0 and not self.open and self._kind(at - 1) in ("copula", "negation", "adverb")
            return "adjective" if stated or self.named or after in BEFORE_NOUNS else "noun"
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
        fresh = before in ("preposition", "possessive mark", "mark", "conjunction")
        return "adjective" if fresh else "boundary"

    def _verb(self, at: int) -> str:
        """A word that can be a verb is one after a noun, and a noun after what only stands before nouns."""
        word = self.words[at]
        if self.open and not self.named:
            if (
                word.endswith(("ed", "en", "t", "ld", "rn")) and self._kind(at + 1) in NAMING
            ):  # "the worn book"
                return "adjective"
            return "noun" if can_be_noun(word) else "boundary"
        placed = at > 0 and self._kind(at - 1) == "preposition" and self.words[at - 1] != "to"
        return "noun" if placed and can_be_noun(word) else "boundary"

    def _joins_adjectives(self, at: int) -> bool:
        """ "black and white dog", but not "man in black, left"."""
        if self.words[at] not in ("and", "or", ",", "/", "&") or not self.open or self.named:
            return False
        both = kind(self.words[self.open[-1]]) == self._kind(at + 1) == "adjective"
        return both and self._word(at + 1) != "left"

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
