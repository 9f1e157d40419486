"""Small TFANets and inputs for them."""

import numpy as np
import torch

from baselines.tfanet.config import TFANetConfig
from baselines.tfanet.model import TFANet

SHAPE = {
    "widths": (8, 16, 24, 32),
    "depths": (1, 1, 1, 1),
    "channel_grid": 4,
    "text_width": 12,
    "max_words": 6,
    "transformer_heads": 2,
    "kernel_grid": 3,
    "mask_width": 8,
    "image_size": 64,
    "drop_path": 0.0,
}


def small_config(**fields):
    return TFANetConfig(**(SHAPE | fields))


def small_tfanet(seed=0, **fields):
    """A small model in evaluation mode, with weights large enough that the text shows."""
    torch.manual_seed(seed)
    model = TFANet(small_config(**fields)).eval()
    for name, parameter in model.fusions.named_parameters():
        if name.endswith("gamma_q") or name.endswith("gamma_kv"):
            torch.nn.init.constant_(parameter, 1.5)
        elif name.endswith("attention.to_map.weights"):
            torch.nn.init.normal_(parameter)
    return model


def sentences(batch=3, words=6, height=64, width=48, seed=1):
    """image, words, sentence, and which words are real; the first sentence has 2, the next 3, ..."""
    draw = np.random.RandomState(seed)
    shapes = ((batch, 3, height, width), (batch, words, SHAPE["text_width"]), (batch, SHAPE["text_width"]))
    image, said, sentence = (torch.tensor(draw.standard_normal(s), dtype=torch.float32) for s in shapes)
    lengths = torch.tensor([2 + i % (words - 1) for i in range(batch)])
    return image, said, sentence, torch.arange(words) < lengths[:, None]
