"""A small RISAM and its inputs, for the tests of this folder."""

from dataclasses import replace

import torch
from torch import Tensor

from baselines.risam.config import BASE, ImageEncoderConfig, RISAMConfig, TextEncoderConfig
from baselines.risam.model import RISAM

IMAGES = {
    "sam": ImageEncoderConfig("sam", "small/sam", 64, 16, 24, (5,), (2,), 3, (2, 3, 4), 1, 2.0),
    "vit": ImageEncoderConfig("vit", "small/vit", 64, 16, 24, (3,), (2,), 0, (0, 1, 2), 0, 2.0),
    "swin": ImageEncoderConfig(
        "swin", "small/swin", 64, 16, 8, (1, 1, 1, 1), (1, 2, 2, 2), 4, (1, 2, 3), 0, 2.0
    ),
}
TEXT = TextEncoderConfig("small/clip", 16, 2, 2, 200, 20)
SMALL = replace(BASE, image=IMAGES["sam"], text=TEXT, max_words=9, width=16, decoder_heads=4)


def small_model(config: RISAMConfig = SMALL) -> RISAM:
    """A random model in evaluation mode, in which every parameter and running statistic matters."""
    torch.manual_seed(0)
    model = RISAM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        for name, buffer in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer += 0.3 * torch.rand_like(buffer)
    return model.eval()


def small_batch(n: int = 3, words: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    """Images, ids and which are real; the first sentence is the longest, the second has one piece."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([words, 3, words - 3, *[4] * n])[:n]
    ids = torch.randint(0, TEXT.vocabulary - 2, (n, words), generator=generator)
    place = torch.arange(words)
    ids[place >= lengths[:, None] - 1] = TEXT.vocabulary - 1
    ids[:, 0] = TEXT.vocabulary - 2
    return torch.randn(n, 3, 64, 64, generator=generator), ids, place < lengths[:, None]
