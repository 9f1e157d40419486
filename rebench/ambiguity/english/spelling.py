"""Words as people type them: abbreviations, dropped vowels, one wrong letter."""

import unicodedata
from collections import defaultdict
from functools import cache, lru_cache

from rebench.ambiguity.english.lexicon import categories, english, known, spellings

SHORTEST = 4
"""Shorter words have too many neighbours to be corrected."""

LONGEST = 20
"""Longer ones are no words."""

CORRECTABLE = (
    *("adjective", "direction", "clothing", "preposition", "body", "region"),
    *("transitive", "design", "vague", "part", "thing"),
)
"""The classes of words a misspelt one is taken for, besides the names of COCO's categories."""


@lru_cache(maxsize=1 << 16)
def correct(word: str) -> str:
    """The known word that was meant, else the word itself. Takes and gives lower case."""
    if word in spellings():
        return spellings()[word]
    if known(word):
        return word
    if bare := _unglued(word):
        return bare
    plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    if not SHORTEST <= len(plain) <= LONGEST or not plain.isascii():
        return word
    if known(plain):  # café
        return plain
    return _skeletons().get(plain, "") or _neighbour(plain) or word


def _unglued(word: str) -> str:
    """A known word behind stretched letters: "leftttt"."""
    shrunk = "".join(c for i, c in enumerate(word) if i < 2 or not c == word[i - 1] == word[i - 2])
    single = "".join(c for i, c in enumerate(word) if not i or c != word[i - 1])
    stretched = shrunk != word
    return next((form for form in (shrunk, single) if stretched and known(form)), "")


def _neighbour(word: str) -> str:
    """The word one letter or one swap away: no changed letter if possible, then the lexicon's order."""
    candidates = {other for form in _deletions(word) for other in _index().get(form, ())}
    near = [other for other in candidates if _one_edit(word, other)]
    changed = {other for other in near if len(other) == len(word) and sorted(other) != sorted(word)}
    return min(near, key=lambda other: (other in changed, _order()[other]), default="")


def _one_edit(a: str, b: str) -> bool:
    """Whether a becomes b by one letter dropped, added, changed, or two neighbours swapped."""
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _deletions(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


@cache
def _order() -> dict[str, int]:
    """The words that misspelt ones are taken for, with their rank."""
    people = sorted(categories()["person"])
    rest = sorted(word for words in categories().values() for word in words)
    general = [word for name in CORRECTABLE for word in sorted(english()[name])]
    plain = (word for word in [*people, *general, *rest] if "_" not in word and len(word) >= SHORTEST)
    plurals_too = (form for word in plain for form in (word, word if word.endswith("s") else word + "s"))
    return {word: rank for rank, word in enumerate(dict.fromkeys(plurals_too))}


@cache
def _index() -> dict[str, list[str]]:
    """Every word one letter shorter than a known one, and the known ones (symmetric deletion)."""
    index: dict[str, list[str]] = defaultdict(list)
    for word in _order():
        for form in _deletions(word):
            index[form].append(word)
    return index


@cache
def _skeletons() -> dict[str, str]:
    """Words by what is left without vowels after the first letter ("ppl", "shrt"), where that is unique."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in _order():
        found[word[0] + "".join(c for c in word[1:] if c not in "aeiou")].append(word)
    return {short: words[0] for short, words in found.items() if len(words) == 1}
