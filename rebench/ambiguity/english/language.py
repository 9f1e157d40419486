"""Whether a text can be read as English."""

from collections.abc import Sequence

from rebench.ambiguity.english.lexicon import english, is_a, known
from rebench.ambiguity.english.tokens import Token

ENOUGH = 0.5
"""The share of words that must be English words."""

CLOSED = (
    "determiner",
    "possessive",
    "pronoun",
    "preposition",
    "conjunction",
    "relative",
    "copula",
    "auxiliary",
)


def is_english(tokens: Sequence[Token]) -> bool:
    """False where there are no words, most are no English words, or the small words are of another language.

    A number is a word of any language.
    """
    words = [token.word for token in tokens if token.word[0].isalnum()]
    if not words:
        return False
    understood = sum(all(known(part) for part in word.split("_")) for word in words)
    foreign = sum(is_a(word, "foreign") for word in words)
    ours = sum(
        any(word in english()[name] for name in CLOSED) and not is_a(word, "foreign") for word in words
    )
    return understood >= ENOUGH * len(words) and foreign <= ours
