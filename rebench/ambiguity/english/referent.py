"""Which noun phrases speak of the referent, and whether they say what it is."""

from rebench.ambiguity.english.chunks import Chunk
from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import groups, is_a, lemmas, names_category
from rebench.ambiguity.english.nouns import LIVING, WORN, fits, sort_in_picture, sort_of

NAMELESS = ("vague", "pronoun", "direction", "region", "view", "adjective", "abstract", "digits")
"""The classes of heads that say nothing of the category."""

PLACES = ("direction", "region")
STANDALONE = ((), (",",), (".",), ("-",), (";",))
"""The links before a phrase that stands by itself."""

SUBORDINATORS = frozenset({"while", "whereas", "where", "if", "when", "as", "although", "though", "not"})
TAKING = frozenset({"take", "takes", "taking", "took", "taken", "snapping"})
"""What makes a picture of somebody an action."""

TIES_TO_IMAGE = TAKING | {"of", "in", "from", "off", "out", "within", "into"}
TIES_TO_CAMERA = frozenset(
    {"to", "at", "from", "toward", "towards", "for", "of", "near", "into", "off"}
    | {"facing", "faces", "face", "faced", "nearest", "closest"}
)
"""The words before the picture and the camera that show the referent: "left of", "looking at"."""

COMPARING = frozenset({"than", "to", "from", "of", "by", "at"})


class Reading:
    """An expression as words and noun phrases, with the category of its referent if that is known."""

    def __init__(self, words: list[str], chunks: list[Chunk], category: str | None) -> None:
        self.words, self.chunks, self.category = words, chunks, category

    def mentions(self) -> list[int]:
        """The phrases that speak of the referent, the main one first; none if nothing does."""
        target = self._target()
        found = [] if target is None else [target]
        for number in range(len(self.chunks)):
            if found and number not in found and self._again(number, found):
                found.append(number)
        return found

    def explicit(self, number: int) -> bool:
        """Whether the phrase, said of the referent, names its category."""
        chunk = self.chunks[number]
        noun = chunk.noun
        if is_a(noun, "stand_in") and len(chunk.words) > 1 and kind(chunk.words[-2]) == "noun":
            return self._named(chunk.words[-2])  # "the boy one"
        if self.category and names_category(noun, self.category):
            return True
        return self.sort(number) not in NAMELESS and fits(noun, self.category)

    def sort(self, number: int) -> str:
        """The class of the head, by what stands around it where it has several."""
        chunk = self.chunks[number]
        noun = chunk.noun
        if is_a(noun, "tint") and self._coloured(chunk):
            return "adjective"
        if any(is_a(form, name) for form in lemmas(noun) for name in ("image", "camera")):
            return sort_of(noun) if self._takes_picture(number) else sort_in_picture(noun)
        sort = sort_of(noun)
        return "animal" if sort == "body" and self._young(noun) else sort

    def _coloured(self, chunk: Chunk) -> bool:
        """ "in orange", "white and orange"; "orange on left" where no orange is looked for."""
        if chunk.determiner:
            return False
        if any(is_a(word, "colour") for word in chunk.words[:-1]) or chunk.link[-1:] == ("in",):
            return True
        if any(is_a(word, "wear") for word in chunk.link[-1:]):
            return True
        sought = self.category in (None, "orange") or any(kind(word) == "preposition" for word in chunk.link)
        return chunk.noun == "orange" and not sought

    def _takes_picture(self, number: int) -> bool:
        """Whether a picture or a camera is the one that shows the referent, and not a thing in it."""
        chunk = self.chunks[number]
        if chunk.determiner in ("a", "an", "another") or is_a(chunk.determiner, "possessive"):
            return bool(TAKING & set(chunk.link))
        if any(is_a(word, "image") for word in chunk.words[:-1]):  # "the picture frame"
            return False
        ties = TIES_TO_CAMERA if any(is_a(form, "camera") for form in lemmas(chunk.noun)) else TIES_TO_IMAGE
        return not chunk.link or ("next" not in chunk.link and not ties.isdisjoint(chunk.link))

    def _young(self, noun: str) -> bool:
        """Whether it names an animal of a kind that is spoken of: a calf beside a cow is no leg."""
        said = [chunk.noun for chunk in self.chunks if chunk.noun != noun]
        return any(
            names_category(noun, kin) and (kin == self.category or any(names_category(n, kin) for n in said))
            for kin, group in groups().items()
            if group == "animal"
        )

    def _named(self, noun: str) -> bool:
        """Whether the word names the category, or somebody or an animal that can be of it."""
        if not self.category:
            return False
        return names_category(noun, self.category) or (sort_of(noun) in LIVING and fits(noun, self.category))

    # --- the main mention -----------------------------------------------------------------------------------

    def _target(self) -> int | None:
        if not self.chunks:
            return None
        if self._opens():
            main = self._main_clause()
            if main is None:
                return self._named_later(0)
            return main if self.explicit(main) else self._named_later(main) or main
        if self.explicit(0):
            return 0
        inverted = self._inverted() if self.sort(0) in PLACES else None
        return inverted or self._named_later(0) or 0

    def _opens(self) -> bool:
        """Whether the expression begins with something other than its referent: "unlike the man, he ..."."""
        link = self.chunks[0].link
        if any(kind(word) in ("participle", "verb") or word in SUBORDINATORS for word in link):
            return True
        if any(is_a(word, "preposition") for word in link):
            return True
        first, following = self.chunks[0], self.chunks[1:2]  # "nearer than the pole, it ..."
        bare = not first.determiner and self.sort(0) in ("adjective", *PLACES)
        return bare and "," in self.words and any(COMPARING & set(chunk.link) for chunk in following)

    def _main_clause(self) -> int | None:
        """After an opening phrase: what follows a comma, stands before the verb, or after it."""
        for number, chunk in enumerate(self.chunks[1:], 1):
            subject = self.sort(number) in ("pronoun", "vague") and not chunk.owned
            acts, fitting = self._acts(number), fits(chunk.noun, self.category)
            if chunk.link == (",",) and (acts or subject or fitting):
                return number
            if not chunk.link and (subject or (self.category and acts and fitting)):
                return number
        return self._inverted()

    def _inverted(self) -> int | None:
        """ "In front of the mirror stands the ...", "on the left there is a ..."."""
        for number, chunk in enumerate(self.chunks[1:], 1):
            link = [word for word in chunk.link if word != "," and kind(word) != "adverb"]
            if len(link) == 1 and is_a(link[0], "inversion"):
                return number
        return None

    def _named_later(self, start: int) -> int | None:
        """A phrase that stands by itself and names the category: "white shirt, man on left"."""
        if self.sort(start) in ("pronoun", "vague") and self._acts(start):
            return None
        for number in range(start + 1, len(self.chunks)):
            if self.chunks[number].link in STANDALONE and self._named(self.chunks[number].noun):
                return number
        return None

    def _acts(self, number: int) -> bool:
        """Whether a verb follows the phrase."""
        after = self.words[self.chunks[number].last + 1 :][:1]
        return bool(after) and kind(after[0]) in ("verb", "copula", "auxiliary")

    # --- further mentions -----------------------------------------------------------------------------------

    def _again(self, number: int, mentions: list[int]) -> bool:
        link = self.chunks[number].link
        if number - 1 in mentions and (self._predicate(link) or self._part_of(number)):
            return True
        if number == 0 and link == ("of",):  # "of the three trucks, the one on the left"
            return fits(self.chunks[0].noun, self.category)
        return number > mentions[0] and self._the_one(number)

    def _predicate(self, link: tuple[str, ...]) -> bool:
        """ "he is the ...", "the one that's a ..."."""
        copulas = [word for word in link if is_a(word, "copula") or word == "'s"]
        return bool(copulas) and set(link) <= {*copulas, "that", "who", "which", "just", "only"}

    def _part_of(self, number: int) -> bool:
        """ "one of the dogs", "the smaller of the two", "front of the bus", "a bunch of bananas"."""
        before, noun = self.chunks[number - 1].noun, self.chunks[number].noun
        if self.chunks[number].link != ("of",):
            return False
        counts = sort_of(before) in ("vague", "adjective") or kind(before) == "determiner"
        if counts:
            return is_a(noun, "other") or sort_of(noun) == "pronoun" or fits(noun, self.category)
        if self._part(before):
            return self._named(noun)
        measures = any(is_a(form, "measure") for form in (before, *lemmas(before)))
        return measures and self.category is not None and names_category(noun, self.category)

    def _part(self, noun: str) -> bool:
        """Whether it is part of what it is "of", or its look: tail, wheel, corner, reflection."""
        if is_a(noun, "direction"):
            return False
        sort = sort_in_picture(noun) if is_a(noun, "image") or is_a(noun, "camera") else sort_of(noun)
        return belongs(sort) or sort in ("region", "abstract")

    def _the_one(self, number: int) -> bool:
        """ "he is in red and the one with a hat", "the dog, the one on the left"."""
        chunk = self.chunks[number]
        if chunk.noun != "one" or chunk.determiner != "the" or chunk.link not in ((), (",",), ("and",)):
            return False
        return not self._beside(number - 1)

    def _beside(self, number: int) -> bool:
        """Whether the phrase says what the referent is near to, so that "and" names one more such thing."""
        link = self.chunks[number].link
        if link[-1:] == ("of",) and number:
            return self.sort(number - 1) in PLACES
        near = any(is_a(word, "spatial") and word not in ("in", "on", "at") for word in link)
        return near and self.sort(number) not in PLACES


def belongs(sort: str) -> bool:
    """Whether something of this class is part of somebody or something."""
    return sort in (*WORN, "part")
