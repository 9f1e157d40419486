"""Small ReMambers, their weights, and inputs for them."""

from zlib import crc32

import numpy as np
import torch

from baselines.remamber import ReMamber, configure

SHAPE = {
    "widths": (8, 16, 32, 64),
    "depths": (1, 1, 2, 1),
    "channel_grid": 4,
    "text_width": 12,
    "local_width": 8,
    "max_words": 6,
    "decoder_depths": (1, 2, 1, 1),
    "image_size": 64,
}


def small(variant="released", seed=0, **fields):
    """A small model in evaluation mode, with PyTorch's random weights."""
    torch.manual_seed(seed)
    return ReMamber(configure(variant=variant, **(SHAPE | {"drop_path": 0.0} | fields))).eval()


def drawn(state):
    """Weights for every tensor of a state dict, from its name alone."""
    weights = {}
    for name, tensor in state.items():
        draw = np.random.RandomState(crc32(name.encode()) % 2**31)
        values = draw.standard_normal(tuple(tensor.shape))
        if name.endswith("num_batches_tracked"):
            weights[name] = np.int64(3)
        elif name.endswith("running_var"):
            weights[name] = 1 + 0.3 * np.abs(values)
        elif name.endswith(("A_logs", "dt_projs_bias", ".bias", "running_mean")):
            weights[name] = 0.3 * values
        elif tensor.dim() == 1:  # the weights of norms, and D
            weights[name] = 1 + 0.2 * values
        else:
            weights[name] = values / np.sqrt(tensor[0].numel())
    return weights


def inputs(batch=2, height=64, width=64, words=6, text_width=12, dtype=torch.float32, seed=1):
    """image, words, sentence and which words are real."""
    draw = np.random.RandomState(seed)
    arrays = [draw.standard_normal(size) for size in ((batch, 3, height, width), (batch, words, text_width))]
    arrays.append(draw.standard_normal((batch, text_width)))
    lengths = torch.tensor([3 + i % (words - 2) for i in range(batch)])
    image, said, sentence = (torch.tensor(a, dtype=dtype) for a in arrays)
    return image, said, sentence, torch.arange(words) < lengths[:, None]
