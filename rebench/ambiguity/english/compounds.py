"""Phrases that a telegram runs together: "person mask" are two, "tennis player" is one."""

from rebench.ambiguity.english.chunks import Chunk
from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import is_a, names_category
from rebench.ambiguity.english.nouns import LIVING, WORN, fits, sort_of

PLACING = ("on", "at", "to", "in", "from")


def split_compounds(chunks: list[Chunk], category: str | None) -> list[Chunk]:
    """The phrases, with every one that is two cut after the words of the first."""
    found: list[Chunk] = []
    for number, chunk in enumerate(chunks):
        opens = number == 0 and bool(chunk.link) and is_a(chunk.link[0], "preposition")
        if len(chunk.words) < 2:
            at = None
        elif opens:
            at = _end_of_opening(chunk, category)
        else:
            at = _end_of_owner(chunk, category, first=number == 0)
        found += [chunk] if at is None else chunk.cut(at)
    return found


def _end_of_opening(chunk: Chunk, category: str | None) -> int | None:
    """The place before the referent in "on left | man" and "in red | woman"."""
    at = len(chunk.words) - 2
    sort, link = sort_of(chunk.words[at]), chunk.link[-1]
    if chunk.determiner or not fits(chunk.noun, category) or sort_of(chunk.noun) in WORN:
        return None
    placed = sort in ("direction", "region") and link in PLACING
    dressed = sort in (*WORN, "adjective", "thing") and link in ("in", "with")
    return at if placed or dressed else None


def _end_of_owner(chunk: Chunk, category: str | None, first: bool) -> int | None:
    """The last name of the referent, where a word follows that names something else: "man | bike"."""
    last = chunk.noun
    if (category and names_category(last, category)) or is_a(last, "stand_in"):  # "the glass one"
        return None
    foreign = first and (sort_of(last) == "part" or (category is not None and not fits(last, category)))
    if not foreign and sort_of(last) not in (*WORN, "region", "direction"):
        return None
    places = range(len(chunk.words) - 2, -1, -1)
    return next((at for at in places if _names_somebody(chunk.words[at], category)), None)


def _names_somebody(word: str, category: str | None) -> bool:
    sort = sort_of(word)
    if kind(word) not in ("noun", "verb") or sort not in (*LIVING, "thing"):
        return False
    if category is None:
        return sort in LIVING
    return names_category(word, category) or (category == sort == "person")
