"""Models without weights: random ones from a seed, and a tokenizer that needs no vocabulary."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from zlib import crc32

import torch
from torch import Tensor


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """What is built inside draws its weights from the seed; the generator outside stays where it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class StandInTokenizer:
    """Every word is one token with a number from its letters: good for a model that knows no word anyway.

    Lengths and marks are those of the tokenizer it stands for, but for words that it would cut into pieces.
    """

    def __init__(self, start: int, end: int, vocabulary: range, max_words: int, fixed: bool) -> None:
        self._start, self._end, self._vocabulary = start, end, vocabulary
        self.max_words = max_words
        self._fixed = fixed

    @classmethod
    def clip(cls, max_words: int, vocabulary: int = 49408) -> "StandInTokenizer":
        """As CLIP's: start, words, end, and more ends up to `max_words`."""
        return cls(vocabulary - 2, vocabulary - 1, range(vocabulary - 2), max_words, True)

    @classmethod
    def bert(cls, max_words: int, vocabulary: int = 30522) -> "StandInTokenizer":
        """As BERT's: start, words, end, and zeros up to the longest of the batch."""
        return cls(101, 102, range(1000, vocabulary), max_words, False)

    def __call__(self, expressions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token ids (B, L) int64 and which are real (B, L) bool, start and end among them."""
        rows = [[self._start, *map(self._number, _words(e))] for e in expressions]
        rows = [[*row[: self.max_words - 1], self._end] for row in rows]
        longest = self.max_words if self._fixed else max(map(len, rows))
        ids = torch.full((len(rows), longest), self._end if self._fixed else 0)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        lengths = torch.tensor([len(row) for row in rows])
        return ids, torch.arange(longest) < lengths[:, None]

    def truncated(self, expressions: Sequence[str]) -> list[bool]:
        """Which expressions have more words than there is room for between start and end."""
        return [len(_words(e)) > self.max_words - 2 for e in expressions]

    def _number(self, word: str) -> int:
        return self._vocabulary[crc32(word.encode("utf-8", "surrogatepass")) % len(self._vocabulary)]


def _words(expression: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", expression.lower())
