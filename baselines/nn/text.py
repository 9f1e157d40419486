"""Text encoders: BERT through transformers, and a small one with its own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from rebench.errors import RebenchError

BERT = "bert-base-uncased"


@dataclass(frozen=True, slots=True)
class Text:
    """A batch of sentences: words (B, L, W), sentence (B, W), and which words are no padding, (B, L) bool."""

    words: Tensor
    sentence: Tensor
    real: Tensor


class Tokenizer(Protocol):
    """What makes tokens of expressions."""

    def __call__(self, expressions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token ids (B, L) int64, and which are real (B, L) bool."""

    def truncated(self, expressions: Sequence[str]) -> list[bool]:
        """Which expressions are cut."""


class WordTokenizer:
    """Splits into lower-case words and looks them up; an unknown word is 1, padding is 0.

    Args:
        words: what it knows.
        max_words: what is longer is cut.
        fixed: whether every row has `max_words` tokens, and not as many as the longest.
    """

    def __init__(self, words: Sequence[str], max_words: int, fixed: bool = False) -> None:
        self.index = {word: i + 2 for i, word in enumerate(words)}
        self.size = len(words) + 2
        self.max_words, self.fixed = max_words, fixed

    @classmethod
    def packaged(cls, package: str, name: str, max_words: int, fixed: bool = False) -> "WordTokenizer":
        """The tokenizer of a word list that lies in a package, one word a line."""
        return cls((files(package) / name).read_text(encoding="utf-8").split(), max_words, fixed)

    @staticmethod
    def words(expression: str) -> list[str]:
        """The words of an expression; "he's" is two."""
        return re.findall(r"[^\W_]+(?:-[^\W_]+)*|'s\b", expression.lower())

    def __call__(self, expressions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token ids (B, L) int64 and which are real (B, L) bool; an empty expression has one unknown word.

        L is the longest of the batch, at most `max_words`, or `max_words` if that is fixed.
        """
        rows = [[self.index.get(w, 1) for w in self.words(e)][: self.max_words] or [1] for e in expressions]
        longest = self.max_words if self.fixed else max(map(len, rows))
        ids = torch.zeros(len(rows), longest, dtype=torch.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        return ids, ids > 0

    def truncated(self, expressions: Sequence[str]) -> list[bool]:
        """Which expressions have more than `max_words` words."""
        return [len(self.words(e)) > self.max_words for e in expressions]


class SmallTextEncoder(nn.Module):
    """A pre-norm transformer over word embeddings, for models that are trained from nothing."""

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int, max_words: int) -> None:
        super().__init__()
        self.width = width
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        self.position = nn.Parameter(torch.randn(max_words, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor, real: Tensor) -> Tensor:
        """Word vectors (B, L, width); those of padding are zero."""
        x = self.embedding(ids) + self.position[: ids.shape[1]]
        x = self.norm(self.layers(x, src_key_padding_mask=~real))
        return x * real[..., None]


class SmallSentenceEncoder(SmallTextEncoder):
    """The same with a vector of the sentence beside its words: their mean."""

    def forward(self, ids: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Word vectors (B, L, width), those of padding zero, and sentence vectors (B, width)."""
        words = super().forward(ids, real)
        return words, words.sum(1) / real.sum(1, keepdim=True).clamp(min=1)


class BertEncoder(nn.Module):
    """BERT without its pooler, through transformers."""

    def __init__(self, **config: int) -> None:
        super().__init__()
        from transformers import BertConfig, BertModel

        self.bert = BertModel(BertConfig(**config), add_pooling_layer=False)
        self.width = self.bert.config.hidden_size

    def forward(self, ids: Tensor, real: Tensor) -> Tensor:
        """Token vectors (B, L, width); those of padding are zero."""
        states = self.bert(input_ids=ids, attention_mask=real.long()).last_hidden_state
        return states * real[..., None]


class BertTokenizer:
    """BERT's word pieces through transformers, cut at `max_words` tokens with the two special ones."""

    def __init__(self, name: str, max_words: int) -> None:
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.max_words = max_words

    def __call__(self, expressions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token ids (B, L) int64 and which are real (B, L) bool."""
        batch = self.tokenizer(
            list(expressions), padding=True, truncation=True, max_length=self.max_words, return_tensors="pt"
        )
        return batch["input_ids"], batch["attention_mask"].bool()

    def truncated(self, expressions: Sequence[str]) -> list[bool]:
        """Which expressions have more than `max_words` tokens, the two special ones among them."""
        return [len(row) > self.max_words for row in self.tokenizer(list(expressions))["input_ids"]]

    @classmethod
    def beside(cls, weights: Path, max_words: int) -> "BertTokenizer":
        """BERT's own, from the folder `bert-base-uncased` beside a file of weights, else from the hub.

        Raises:
            RebenchError: it is in neither place.
        """
        folder = weights.parent / BERT
        try:
            return cls(str(folder) if folder.is_dir() else BERT, max_words)
        except (OSError, ValueError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RebenchError(
                f"the tokenizer {BERT} could not be loaded ({reason}): connect to the Hugging Face hub, or"
                f" put its folder at {folder}"
            ) from error
