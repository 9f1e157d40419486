"""Text encoders: BERT through transformers, and a small one with its own words."""

import re
from collections.abc import Sequence
from importlib.resources import files

import torch
from torch import Tensor, nn


class WordTokenizer:
    """Splits into lower-case words and looks them up; an unknown word is 1, padding is 0."""

    def __init__(self, words: Sequence[str], max_words: int) -> None:
        self.index = {word: i + 2 for i, word in enumerate(words)}
        self.size = len(words) + 2
        self.max_words = max_words

    @classmethod
    def packaged(cls, package: str, name: str, max_words: int) -> "WordTokenizer":
        """The tokenizer of a word list that lies in a package, one word a line."""
        return cls((files(package) / name).read_text(encoding="utf-8").split(), max_words)

    @staticmethod
    def words(expression: str) -> list[str]:
        """The words of an expression; "he's" is two."""
        return re.findall(r"[^\W_]+(?:-[^\W_]+)*|'s\b", expression.lower())

    def __call__(self, expressions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token ids (B, L) int64 and which are real (B, L) bool; an empty expression has one unknown word.

        L is the longest of the batch, at most `max_words`; what is longer is cut.
        """
        rows = [[self.index.get(w, 1) for w in self.words(e)][: self.max_words] or [1] for e in expressions]
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        return ids, ids > 0


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
