"""Parts of speech of single words, by the lists and by how words end."""

from functools import cache

from rebench.ambiguity.english.lexicon import english, is_a, is_ordinal, lemmas, names, verb_stems, wordnet

CLOSED = ("negation", "copula", "auxiliary", "relative", "conjunction", "pronoun", "possessive", "vague")
"""The closed classes that come before numbers, in this order."""

DECLARED_NOUNS = (
    *("vague", "region", "view", "design", "clothing", "body", "part"),
    *("thing", "person_group", "kin", "measure"),
)
"""The general English classes of nouns."""

OPEN_NOUNS = ("person", "animal", "clothing", "body", "thing", "abstract")
"""The classes of nouns in the words of WordNet."""


@cache
def kind(word: str) -> str:
    """The part of speech of a word that stands alone.

    A name of `CLOSED`, or determiner, adjective, preposition, adverb, participle, verb, noun, mark,
    possessive mark.
    """
    if not word[0].isalnum():
        return "possessive mark" if word == "'s" else "mark"
    for name in CLOSED:
        if is_a(word, name):
            return name
    if is_a(word, "number") or is_ordinal(word) or word.isdigit():
        return "adjective"
    for name in ("determiner", "adjective", "preposition", "adverb"):
        if is_a(word, name):
            return name
    return _open_kind(word)


def can_be_noun(word: str) -> bool:
    """Whether WordNet has the word, or its singular, as a noun."""
    return any(form in wordnet()[name] for name in OPEN_NOUNS for form in (word, *lemmas(word)))


def _open_kind(word: str) -> str:
    forms = {word, *lemmas(word)}
    if is_a(word, "verb") or is_a(word, "transitive"):
        return "participle" if word.endswith(("ing", "ed")) else "verb"
    if is_a(word, "not_participle") or forms & names() or any(forms & english()[c] for c in DECLARED_NOUNS):
        return "noun"
    if "-" in word:  # "long-haired", "head-on", "polka-dot"
        last = word.rpartition("-")[2]
        return "noun" if last and kind(last) == "noun" else "adjective"
    if word.endswith(("ing", "ed")) and len(word) > 4 and _is_verb(word):
        return "participle"
    if any(form in wordnet()["verb"] for form in (word, *verb_stems(word))):
        return "verb"
    noun = can_be_noun(word)
    if word in wordnet()["adjective"] or (not noun and _compares(word)):
        return "adjective"
    if word in wordnet()["adverb"] or (not noun and word.endswith("ly")):
        return "adverb"
    return "noun"


def _is_verb(word: str) -> bool:
    return any(stem in words for stem in verb_stems(word) for words in wordnet().values())


def _compares(word: str) -> bool:
    """Whether an unknown word is built from an adjective: "shaggiest", "stripier", "reddish"."""
    if word.endswith("est"):
        return True
    stems = {word.removesuffix(ending) for ending in ("er", "r", "y", "ish")} | {
        word.removesuffix("ier") + "y"
    }
    bases = wordnet()["adjective"] | english()["adjective"] | wordnet()["thing"]
    return bool((stems - {word}) & bases)
