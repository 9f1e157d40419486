"""An expression as tokens: words in lower case, corrected, with their place in the text."""

import re
import unicodedata
from typing import NamedTuple

from rebench.ambiguity.english.lexicon import english, lemmas, phrases
from rebench.ambiguity.english.spelling import correct

_TOKEN = re.compile(r"w/o?(?![a-z])|[^\W_]+(?:-[^\W_]+)*(?:['’](?!s\b)[^\W_]+)*|['’]s\b|[^\w\s]|_", re.I)


class Token(NamedTuple):
    """A word, a name of several words ("fire_hydrant"), or a mark.

    Attributes:
        word: lower case, corrected; "'s" after an apostrophe.
        start: where it begins in the expression; `end` is one past its last character.
    """

    word: str
    start: int
    end: int


def tokenise(expression: str) -> list[Token]:
    """The tokens of an expression; any text is allowed."""
    found = [Token(_word(m[0]), m.start(), m.end()) for m in _TOKEN.finditer(expression)]
    return _join(found)


def without_request(tokens: list[Token]) -> list[Token]:
    """The tokens after "can you see", "show me", "there is", "which is" and their like."""
    start = 0
    while start < len(tokens) - 1:
        words = [token.word for token in tokens[start : start + 3]]
        for size in (3, 2, 1):
            more = start + size < len(tokens)  # something is always left
            if (
                more
                and len(words) >= size
                and "_".join(words[:size]).replace("_'s", "'s") in english()["carrier"]
            ):
                start += size
                break
        else:
            break
    return tokens[start:]


def _word(text: str) -> str:
    word = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    if word in ("w/", "w/o"):
        return "with" if word == "w/" else "without"
    return correct(word) if word[0].isalnum() else word


def _join(tokens: list[Token]) -> list[Token]:
    """Words that make one name as one token."""
    joined: list[Token] = []
    position = 0
    while position < len(tokens):
        size = _name_length([token.word for token in tokens[position : position + 3]])
        parts = tokens[position : position + size]
        word = "_".join(part.word for part in parts)
        joined.append(Token(word, parts[0].start, parts[-1].end))
        position += size
    return joined


def _name_length(words: list[str]) -> int:
    for size in range(len(words), 1, -1):
        if any("_".join([*words[: size - 1], last]) in phrases() for last in lemmas(words[size - 1])):
            return size
    return 1
