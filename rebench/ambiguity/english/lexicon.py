"""The words the tagger knows, from the files in `words/`: general English, COCO's names, WordNet."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"

Words = Mapping[str, frozenset[str]]

IRREGULAR = {
    "men": "man", "women": "woman", "people": "person", "children": "child", "feet": "foot", "teeth": "tooth",
    "geese": "goose", "mice": "mouse", "oxen": "ox", "leaves": "leaf", "knives": "knife", "wolves": "wolf",
    "calves": "calf", "shelves": "shelf", "loaves": "loaf", "halves": "half", "scarves": "scarf",
    "wives": "wife", "hooves": "hoof", "lives": "life", "thieves": "thief", "ladies": "lady",
    "babies": "baby",
}  # fmt: skip
"""Plurals that end in no plain -s, and some that a rule would spell wrong."""


@cache
def english() -> Words:
    """General words by class, see the comments in the file."""
    return {name: frozenset(words) for name, words in _read("english.txt").items()}


@cache
def categories() -> Words:
    """The words that name each of COCO's categories."""
    return {name.partition(" (")[0]: frozenset(words) for name, words in _read("coco.txt").items()}


@cache
def groups() -> Mapping[str, str]:
    """COCO's supercategory of each category."""
    return {name.partition(" (")[0]: name.partition(" (")[2].rstrip(")") for name in _read("coco.txt")}


@cache
def wordnet() -> Words:
    """Open-class words: nouns by what they are, and the words that are more often no noun."""
    return {name: frozenset(words) for name, words in _read("wordnet.txt").items()}


@cache
def spellings() -> Mapping[str, str]:
    """What abbreviations stand for."""
    return dict(pair.split("=") for pair in _read("english.txt")["spelling"])


@cache
def names() -> frozenset[str]:
    """Every word or phrase that names some category of COCO."""
    return frozenset().union(*categories().values())


@cache
def phrases() -> Mapping[str, int]:
    """Names of several words ("fire_hydrant") and their length in words; requests left out."""
    known = names().union(*(words for name, words in english().items() if name != "carrier"))
    return {word: word.count("_") + 1 for word in known if "_" in word}


@cache
def known(word: str) -> bool:
    """Whether any list has the word, in this or its base form."""
    forms = {word, *lemmas(word)}
    lists = (words for name, words in english().items() if name not in ("spelling", "foreign"))
    if word.isdecimal() or is_ordinal(word) or any(forms & words for words in lists):
        return True
    return bool(forms & names()) or any(forms & words for words in wordnet().values()) or _is_form(word)


@cache
def lemmas(word: str) -> tuple[str, ...]:
    """The singulars that a noun could be the plural of, the likeliest first; the word itself comes last."""
    if word in IRREGULAR:
        return (IRREGULAR[word], word)
    if word.endswith("ies") and len(word) > 4:
        return (word[:-3] + "y", word[:-1], word)
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        return (word[:-2], word[:-1], word)
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return (word[:-1], word)
    return (word,)


@cache
def is_a(word: str, name: str) -> bool:
    """Whether the general English class holds the word itself."""
    return word in english()[name]


@cache
def is_ordinal(word: str) -> bool:
    """Whether the word counts, in letters or in digits: "tenth", "21st"."""
    return is_a(word, "ordinal") or (word[:-2].isdecimal() and word[-2:] in ("st", "nd", "rd", "th"))


@cache
def names_category(word: str, category: str) -> bool:
    """Whether the word, or its singular, names the category."""
    words = categories().get(category) or frozenset({category.replace(" ", "_"), *category.split()})
    return bool(words & {word, *lemmas(word), *(form.rpartition("-")[2] for form in lemmas(word))})


@cache
def verb_stems(word: str) -> tuple[str, ...]:
    """The verbs that an inflected form could be of."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            undoubled = stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem
            return (stem, stem + "e", undoubled, stem[:-1] + "y" if stem.endswith("i") else stem)
    return (word,)


def _is_form(word: str) -> bool:
    verbs = wordnet()["verb"] | wordnet()["abstract"] | wordnet()["thing"]
    if word.endswith(("ing", "ed")):
        return any(stem in verbs for stem in verb_stems(word))
    for ending in ("iest", "ier", "est", "er", "ish", "y", "less"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word.removesuffix(ending)
            known_stems = wordnet()["adjective"] | wordnet()["thing"] | english()["adjective"]
            return bool({stem, stem + "e", stem + "y", stem[:-1]} & known_stems)
    parts = word.split("-")
    return len(parts) > 1 and all(known(part) for part in parts if part)


def _read(name: str) -> dict[str, list[str]]:
    """The words of a file by class: `class: words`, continued on indented lines."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            current, _, line = line.partition(":")
            found.setdefault(current, [])
        found[current] += line.split()
    return found
