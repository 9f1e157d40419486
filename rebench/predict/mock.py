"""A model without a model: quick, deterministic, and wrong in a varied way. For tests and first tries."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from rebench.data.split import Image
from rebench.predict.interface import ModelCard


class Mock:
    """Answers every expression with a box or an ellipse.

    Where it lies depends on nothing but the pixels, the expression and the seed, so that the same
    question has the same answer in any order, batch and process.

    Args:
        seed: another seed gives other answers.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.card = ModelCard(
            "mock", parameters=0, warning="the mock looks at nothing: its scores mean nothing"
        )

    def predict(self, image: Image, expressions: list[str]) -> list[NDArray[np.bool_]]:
        """One mask per expression, bool (H, W); never empty."""
        picture = hashlib.sha256(repr((self.seed, image.shape)).encode() + image.tobytes()).digest()
        return [self._mask(picture, expression, *image.shape[:2]) for expression in expressions]

    def _mask(self, picture: bytes, expression: str, height: int, width: int) -> NDArray[np.bool_]:
        digest = hashlib.sha256(picture + expression.encode("utf-8", "surrogatepass")).digest()
        place = np.frombuffer(digest[:16], "<u4") / 2.0**32
        middle_y, middle_x = place[0] * height, place[1] * width
        half_height, half_width = (0.5 + place[2]) * height / 4, (0.5 + place[3]) * width / 4
        down = np.abs(np.arange(height) + 0.5 - middle_y)[:, None] / half_height
        across = np.abs(np.arange(width) + 0.5 - middle_x)[None, :] / half_width
        inside = np.maximum(down, across) <= 1 if digest[16] % 2 else down**2 + across**2 <= 1
        inside[int(middle_y), int(middle_x)] = True
        return inside
