"""What a noun stands for: somebody, a thing, clothes, a part, a place in the picture, or nothing to see."""

from functools import cache

from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import (
    categories,
    english,
    groups,
    is_a,
    is_ordinal,
    lemmas,
    names,
    names_category,
    wordnet,
)

DECLARED = ("vague", "region", "design", "clothing", "body", "part", "view")
"""The classes of general English that come before all others, in this order."""

LIVING = ("person", "animal")

WORN = ("clothing", "body", "design")
"""What somebody wears or is made of."""


@cache
def sort_of(word: str) -> str:
    """The class of a noun.

    One of `DECLARED`, or pronoun, direction, adjective, person, animal, thing, abstract, digits. A word that
    no list has counts as a thing: rare nouns are things more often than anything else.
    """
    if is_a(word, "pronoun") or is_a(word, "relative") or is_a(word, "possessive"):
        return "pronoun"
    if is_a(word, "determiner"):  # "those on the left"
        return "vague"
    forms = (word, *lemmas(word))
    for name in DECLARED:
        if any(form in english()[name] for form in forms):
            return name
    if is_ordinal(word) and not is_a(word, "ordinal"):  # in digits
        return "adjective"
    for name in ("direction", "adjective", "ordinal", "number"):
        if word in english()[name] and not any(form in names() or is_a(form, "thing") for form in forms):
            return "direction" if name == "direction" else "adjective"
    if any(form in categories()["person"] or form in english()["person_group"] for form in forms):
        return "person"
    if any(form in names() or form in english()["thing"] for form in forms):
        return "animal" if _is_animal(forms) else "thing"
    if "-" in word:
        return sort_of(word.rpartition("-")[2]) if kind(word) == "noun" else "adjective"
    for name in ("person", "animal", "clothing", "body", "thing"):
        if any(form in wordnet()[name] for form in forms):
            return name
    if any(form in wordnet()[name] for name in ("abstract", "adverb", "verb", "adjective") for form in forms):
        return "adjective" if word in wordnet()["adjective"] else "abstract"
    return "digits" if word.isdigit() else "thing"


def sort_in_picture(word: str) -> str:
    """The class of a picture or a camera that is in the picture: a photographer is somebody."""
    if names_category(word, "person"):
        return "person"
    return "part" if any(is_a(form, "part") for form in lemmas(word)) else "thing"


def fits(word: str, category: str | None) -> bool:
    """Whether the word can be said of something of the category: by name, or by being the same sort of being.

    COCO's categories are coarse and people name finer and coarser ones, so that any thing fits any thing.
    """
    if category is None:
        return sort_of(word) in (*LIVING, "thing", "clothing", "part", "body")
    if names_category(word, category):
        return True
    group, sort = groups().get(category), sort_of(word)
    if group == "person":
        return sort == "person"
    if group == "animal":
        return sort == "animal" or is_kin(word)
    return sort == "thing"


def is_kin(word: str) -> bool:
    """Whether the word names the young and the parents of people and animals alike."""
    return any(form in english()["kin"] for form in (word, *lemmas(word)))


def wears(category: str | None, noun: str) -> bool:
    """Whether the referent is somebody who can wear clothes and has a body."""
    group = groups().get(category or "")
    return group in LIVING if group else sort_of(noun) not in ("thing", "part", "clothing", "abstract")


def _is_animal(forms: tuple[str, ...]) -> bool:
    return any(
        form in words for name, words in categories().items() for form in forms if groups()[name] == "animal"
    ) and not any(form in english()["thing"] for form in forms)
