"""What every noun phrase of an expression is: the referent, another entity, an attribute, a place."""

from dataclasses import dataclass

from rebench.ambiguity.english.chunks import Chunk
from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import groups, is_a, lemmas
from rebench.ambiguity.english.nouns import LIVING, fits, sort_of, wears
from rebench.ambiguity.english.referent import PLACES, Reading, belongs

MENTION, ENTITY, ATTRIBUTE, PLACE = "target mention", "entity", "attribute", "place"

HAVING = frozenset({"with", "without", "has", "have", "having"})
CONTAINING = frozenset(
    {"of", "with", "without", "containing", "filled", "full", "holding", "topped", "covered", ","}
)
ANOTHER = frozenset({"one", "ones", "other", "others", "another", "rest", "both"})


@dataclass(frozen=True, slots=True)
class Role:
    """What a noun phrase is in its expression, and why.

    Attributes:
        name: target mention, entity, attribute or place.
        reason: the rule that decided.
        explicit: of a target mention: whether it names the category.
    """

    name: str
    reason: str
    explicit: bool = False


def assign_roles(words: list[str], chunks: list[Chunk], category: str | None) -> list[Role]:
    """One role per noun phrase.

    Args:
        words: the words of the tokens.
        chunks: the noun phrases in them.
        category: of the referent, if known.
    """
    reading = Reading(words, chunks, category)
    mentions = reading.mentions()
    others = _Others(reading, mentions)
    return [_mention(reading, n) if n in mentions else others.role(n) for n in range(len(chunks))]


def _mention(reading: Reading, number: int) -> Role:
    noun, sort, category = reading.chunks[number].noun, reading.sort(number), reading.category
    if reading.explicit(number):
        return Role(MENTION, f"'{noun}' names the referent", explicit=True)
    if category and belongs(sort):
        return Role(ATTRIBUTE, f"'{noun}' belongs to the referent, a {category}, and does not name it")
    if category and sort in (*LIVING, "thing"):
        return Role(ENTITY, f"'{noun}' is no name of a {category}")
    return Role(MENTION, f"'{noun}' does not say what the referent is")


class _Others:
    """The roles of the phrases that do not speak of the referent."""

    def __init__(self, reading: Reading, mentions: list[int]) -> None:
        self.reading, self.mentions = reading, mentions
        self.chunks, self.category = reading.chunks, reading.category
        self.target = mentions[0] if mentions else None
        noun = self.chunks[mentions[0]].noun if mentions else ""
        self.somebody = wears(self.category, noun)
        self.relations = self._relations()

    def role(self, number: int) -> Role:
        """Why a phrase is an entity, an attribute or a place."""
        chunk, sort = self.chunks[number], self.reading.sort(number)
        noun, text = chunk.noun, " ".join(chunk.words)
        if sort == "pronoun":
            return Role(ATTRIBUTE, f"'{noun}' points back")
        if self._another(chunk):
            return Role(ENTITY, f"'{text}' is another one")
        if self._content(number):
            return Role(ATTRIBUTE, f"'{noun}' is in or part of the referent")
        if self._measured(number):
            return Role(ATTRIBUTE, f"'{noun}' is counted with what holds it")
        if sort == "view" and self._of_picture(number):
            return Role(PLACE, f"'{noun}' is the picture")
        if noun in ("row", "line") and chunk.determiner in ("the", "a") and chunk.link[-1:] != ("in",):
            return Role(ENTITY, f"'{noun}' is a group of others")
        if noun in ("top", "bottom", "bottoms") and self._garment(number):
            sort = "clothing"
        if sort in PLACES:
            return Role(PLACE, f"'{noun}' is a place in the picture")
        if any(word.endswith("s") and fits(word, "person") for word in chunk.words[:-1]):  # "boys hands"
            return Role(ENTITY, f"'{text}' has an owner")
        if belongs(sort):
            if self._alone(number, sort):
                return Role(ENTITY, f"'{noun}' is a thing of its own here")
            return Role(ATTRIBUTE, f"'{noun}' is worn, or part of something")
        if sort in ("adjective", "abstract", "digits", "vague") or self._material(chunk):
            return Role(ATTRIBUTE, f"'{noun}' is nothing that stands in the picture by itself")
        return Role(ENTITY, f"'{noun}' is {'somebody' if sort in LIVING else 'something'} else")

    def _relations(self) -> list[tuple[str, ...]]:
        """The words that tie each phrase to what is before; "and" continues the relation before it."""
        found: list[tuple[str, ...]] = []
        for chunk in self.chunks:
            joins = all(kind(word) == "conjunction" or word in ("not", "no", "&", "/") for word in chunk.link)
            found.append(found[-1] + chunk.link if found and chunk.link and joins else chunk.link)
        return found

    def _another(self, chunk: Chunk) -> bool:
        """ "the other", "both", "the two": another one of the kind just named."""
        if chunk.noun in ANOTHER:
            return "each" not in chunk.words
        return is_a(chunk.noun, "other") and (bool(chunk.determiner) or chunk.link[-1:] == ("between",))

    def _content(self, number: int) -> bool:
        """ "bowl of soup", "pizza with mushrooms", "vase with flowers"."""
        if self.target is None or number - 1 != self.target:
            return False
        chunk, noun = self.chunks[number], self.chunks[self.target].noun
        sort = sort_of(chunk.noun)
        if chunk.link == ("of",) and any(is_a(form, "measure") for form in (noun, *lemmas(noun))):
            return sort != "person" or sort_of(noun) == "person"
        holds = groups().get(self.category or "") in ("kitchen", "food")
        holds = holds or self.category in ("vase", "potted plant")
        return holds and sort == "thing" and bool(chunk.link) and CONTAINING.issuperset(chunk.link)

    def _measured(self, number: int) -> bool:
        """ "the bowl of ice cream", "the row of crewmen": one entity, not two."""
        if self.chunks[number].link != ("of",) or not number or number - 1 in self.mentions:
            return False
        before = self.chunks[number - 1].noun
        measures = any(is_a(form, "measure") for form in (before, *lemmas(before)))
        return measures and self.role(number - 1).name == ENTITY

    def _of_picture(self, number: int) -> bool:
        """ "left of the screen", "in this shot"."""
        before = not number or number - 1 in self.mentions or self.reading.sort(number - 1) in PLACES
        return before and self.chunks[number].link[:1] in (("of",), ("in",), ("on",))

    def _garment(self, number: int) -> bool:
        """ "wearing a top", "in black top"; "at the very top" is a place."""
        chunk, relation = self.chunks[number], self.relations[number]
        described = [word for word in chunk.words[:-1] if kind(word) in ("adjective", "noun")]
        coloured = any(sort_of(word) not in PLACES for word in described)
        worn = any(is_a(word, "wear") for word in relation)
        return worn or (coloured and relation[-1:] not in (("of",), ("on",), ("at",)))

    def _alone(self, number: int, sort: str) -> bool:
        """Whether clothes, a part of a body or of a thing are there apart from who has them."""
        chunk, relation = self.chunks[number], self.relations[number]
        last = relation[-1:]
        if sort == "design" or chunk.owned or last == ("'s",) or self._follows_owner(number):
            return False
        if sort == "body":  # "donut in hand" shows somebody
            return not self.somebody and last in (("in",), ("on",), ("by",), ("from",))
        had = bool(HAVING & set(relation))
        if sort == "part":
            # "glasses with black frame"
            of_worn = had and number > 0 and belongs(self.reading.sort(number - 1))
            return (self.somebody or not had) and not of_worn
        worn = had or "in" in relation or any(is_a(word, "wear") for word in relation)
        apart = any(is_a(word, "spatial") and word not in ("in", "on", "of") for word in relation)
        if (apart and not worn) or any(is_a(word, "hold") for word in relation):
            return True
        return last == ("on",) and not self.somebody and not self._somebody_before(number)

    def _follows_owner(self, number: int) -> bool:
        """ "person mask", "dog tail": the owner is the phrase right before."""
        if not number or self.chunks[number].link:
            return False
        return self.reading.sort(number - 1) not in ("adjective", *PLACES)

    def _somebody_before(self, number: int) -> bool:
        return any(self.reading.sort(n) in (*LIVING, "pronoun") for n in range(number))

    def _material(self, chunk: Chunk) -> bool:
        """ "made of wood", "man in denim"."""
        bare = len(chunk.words) == 1 and chunk.link[-1:] in (("in",), ("of",))
        return (is_a(chunk.noun, "material") and bare) or (chunk.noun == "bat" and chunk.link[-1:] == ("at",))
