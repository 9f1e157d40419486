"""The tokenizer of the tiny variants: the words of the scenes, the same for all of them."""

from baselines.nn.text import WordTokenizer

MAX_WORDS = 24
"""No expression of the scenes is longer."""


def scene_tokenizer(fixed: bool = False) -> WordTokenizer:
    """The words of the scenes; with `fixed`, every row has `MAX_WORDS` tokens."""
    return WordTokenizer.packaged("baselines.nn", "scenes-words.txt", MAX_WORDS, fixed)
