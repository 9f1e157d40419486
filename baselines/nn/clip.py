"""The text tower of CLIP (Radford et al. 2021) and its tokenizer, through transformers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from baselines.nn.checkpoint import pretrained
from rebench.errors import RebenchError

LARGE = "openai/clip-vit-large-patch14"


class ClipText(nn.Module):
    """Word vectors and a sentence vector; parameters are named `text_model.*`, as in published checkpoints.

    The output is that of the final layer norm, without CLIP's projection into the space of images.
    """

    def __init__(self, **config: Any) -> None:
        """The untrained tower of `transformers.CLIPTextConfig(**config)`."""
        super().__init__()
        from transformers import CLIPTextConfig, CLIPTextModel

        size = config.setdefault("vocab_size", 49408)
        special = {"bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
        self.text_model = _tower(CLIPTextModel(CLIPTextConfig(**(special | config))))
        self.width: int = self.text_model.config.hidden_size

    @classmethod
    def large(cls) -> "ClipText":
        """The untrained tower of ViT-L/14: 12 layers, width 768, 77 positions, 123,060,480 parameters."""
        return cls(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)

    @classmethod
    def from_pretrained(cls, source: str | Path = LARGE) -> "ClipText":
        """The trained tower of a name on the Hugging Face hub, or of a folder; errors as of `pretrained`."""
        from transformers import CLIPTextModel

        made = cls.__new__(cls)
        nn.Module.__init__(made)
        made.text_model = _tower(pretrained(CLIPTextModel, source))
        made.width = made.text_model.config.hidden_size
        return made

    def forward(self, ids: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """All token vectors (B, L, W), and the vector of the first end token (B, W).

        Args:
            ids: (B, L) int64; the end token has the highest id of the vocabulary.
            real: (B, L) bool, true up to and including the first end token. A position that is not real still
                gets a vector (it sees the real ones), which nothing should read; it is seen by no other.
        """
        with _default_dtype(self.text_model.final_layer_norm.weight.dtype):
            words = self.text_model(input_ids=ids, attention_mask=real.long()).last_hidden_state
        return words, words[torch.arange(len(ids), device=ids.device), ids.argmax(1)]


def _tower(model: nn.Module) -> Any:
    # Before transformers 5 the tower was a child of the model; since then it is the model.
    return getattr(model, "text_model", model)


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    # transformers 4 fills its causal mask in the default type, too small for the lowest value of float64.
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if dtype == torch.float64 else before)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class ClipTokenizer:
    """CLIP's lower-casing byte pairs, of one length: start, pieces, end, and more end tokens as padding."""

    def __init__(self, source: str | Path | Any, max_words: int) -> None:
        """A tokenizer of `max_words` tokens, the start and end token among them.

        Args:
            source: a name on the Hugging Face hub, a folder with `vocab.json` and `merges.txt` (or
                `tokenizer.json`), or a transformers tokenizer.
        """
        if isinstance(source, str | Path):
            from transformers import CLIPTokenizerFast

            source = CLIPTokenizerFast.from_pretrained(source)
        self.tokenizer = source
        self.max_words = max_words

    def __call__(self, expressions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token ids (B, max_words) int64, and which are real (B, max_words) bool, the end token among them.

        What is longer is cut before the end token.
        """
        rows = self.tokenizer(list(expressions), truncation=True, max_length=self.max_words)["input_ids"]
        ids = torch.full((len(rows), self.max_words), self.tokenizer.eos_token_id)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        lengths = torch.tensor([len(row) for row in rows])
        return ids, torch.arange(self.max_words) < lengths[:, None]

    def truncated(self, expressions: Sequence[str]) -> list[bool]:
        """Which expressions have more than `max_words` tokens, start and end among them."""
        return [len(row) > self.max_words for row in self.tokenizer(list(expressions))["input_ids"]]

    @classmethod
    def beside(cls, weights: Path, max_words: int) -> "ClipTokenizer":
        """CLIP's own, from the folder `clip-vit-large-patch14` beside a file of weights, else from the hub.

        Raises:
            RebenchError: it is in neither place.
        """
        folder = weights.parent / LARGE.rpartition("/")[2]
        try:
            return cls(folder if folder.is_dir() else LARGE, max_words)
        except (OSError, ValueError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RebenchError(
                f"the tokenizer {LARGE} could not be loaded ({reason}): connect to the Hugging Face hub, or"
                f" put its folder at {folder}"
            ) from error
