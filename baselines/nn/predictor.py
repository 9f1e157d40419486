"""What the predictors of all models have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.nn.text import Tokenizer
from rebench.predict.interface import ModelCard


class EncodeOnce(ABC):
    """Looks at a picture once, as far as its model can, and answers expressions from that.

    Attributes:
        model: in evaluation mode.
        device: where it computes.
    """

    def __init__(self, model: Any, tokenizer: Tokenizer, card: ModelCard) -> None:
        self.model, self.tokenizer, self.card = model.eval(), tokenizer, card
        self.device = next(model.parameters()).device

    @abstractmethod
    def encode(self, image: NDArray[np.uint8]) -> Any:
        """All that the expressions of a picture uint8 (H, W, 3) share."""

    @abstractmethod
    def decode(self, encoded: Any, expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits over the whole picture, one map per expression."""

    def predict(self, image: NDArray[np.uint8], expressions: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits per expression."""
        return self.decode(self.encode(image), expressions)

    def truncated(self, expressions: Sequence[str]) -> list[bool]:
        """Which expressions have more words than the model reads."""
        return self.tokenizer.truncated(expressions)
