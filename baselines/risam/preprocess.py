"""SAM's preprocessing, and the way back from its square to the picture (Kirillov et al. 2023)."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from baselines.risam.config import ImageEncoderConfig


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture lies in the square: its own size, and its size inside, at the top left."""

    height: int
    width: int
    inner_height: int
    inner_width: int

    @classmethod
    def of(cls, height: int, width: int, side: int) -> "Placement":
        """The longer side of the picture becomes `side`; the other is rounded to the nearest."""
        scale = side / max(height, width)
        return cls(height, width, max(int(height * scale + 0.5), 1), max(int(width * scale + 0.5), 1))


def to_square(image: NDArray[np.uint8], config: ImageEncoderConfig) -> Tensor:
    """A picture uint8 (H, W, 3) to the network's input (3, size, size), zero outside the picture.

    Resized by Pillow's bilinear with the aspect ratio kept, normalised, then padded on the right and below.
    """
    place = Placement.of(image.shape[0], image.shape[1], config.size)
    resized = Image.fromarray(image).resize(
        (place.inner_width, place.inner_height), Image.Resampling.BILINEAR
    )
    pixels = torch.tensor(np.asarray(resized), dtype=torch.float32).permute(2, 0, 1)
    square = torch.zeros(3, config.size, config.size)
    inner = (pixels - torch.tensor(config.mean)[:, None, None]) / torch.tensor(config.std)[:, None, None]
    square[:, : place.inner_height, : place.inner_width] = inner
    return square


def to_picture(logits: Tensor, place: Placement, side: int) -> Tensor:
    """Logits (B, 1, h, w) over the square to (B, 1, H, W) over the picture, bilinear in two steps as SAM."""
    square = interpolate(logits, (side, side), mode="bilinear", align_corners=False)
    inner = square[..., : place.inner_height, : place.inner_width]
    return interpolate(inner, (place.height, place.width), mode="bilinear", align_corners=False)
