"""Pictures and masks as a network of one input size takes them: squashed, the aspect ratio not kept."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet, for values in 0 to 1."""


def squashed(image: NDArray[np.uint8], size: int) -> Tensor:
    """A picture uint8 (H, W, 3) RGB to (3, size, size) float32, normalised by `MEAN` and `STD`.

    Resized by Pillow's bilinear filter, which averages where it shrinks.
    """
    resized = np.array(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    x = torch.from_numpy(resized).permute(2, 0, 1).float() / 255
    return (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def normalised(images: Tensor, size: int) -> Tensor:
    """Pictures uint8 (B, H, W, 3) RGB to (B, 3, size, size), as `squashed` but by PyTorch's own filter."""
    x = images.permute(0, 3, 1, 2).float() / 255
    if x.shape[-2:] != (size, size):
        x = interpolate(x, (size, size), mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(values, device=x.device).view(3, 1, 1) for values in (MEAN, STD))
    return (x - mean) / std


def squashed_mask(mask: NDArray[np.bool_] | NDArray[np.uint8], size: int) -> Tensor:
    """A mask (H, W) of 0 and 1 to (size, size) int64, by Pillow's nearest neighbour."""
    picture = Image.fromarray(mask.astype(np.uint8))
    return torch.from_numpy(np.array(picture.resize((size, size), Image.Resampling.NEAREST))).long()
