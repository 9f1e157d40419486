"""What a map is told of the sentence: one vector everywhere, and its likeness to every position."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from baselines.nn.text import Text
from baselines.nn.vmamba import Linear2d
from baselines.remamber.config import ReMamberConfig


class LocalInteraction(nn.Module):
    """Similarity of every position to every word, and what a convolution makes of it (equation 5).

    As released, both projections end in a GELU, and a 1 x 1 follows the convolution; the paper has neither.
    """

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        hidden = config.local_width
        self.mask_padding = config.mask_padding
        self.vis_proj = nn.Sequential(Linear2d(width, hidden), nn.GELU())
        self.text_proj = nn.Sequential(nn.Linear(config.text_width, hidden), nn.GELU())
        self.unsqueeze = nn.Sequential(nn.Conv2d(config.max_words, hidden, 3, padding=1), nn.GELU())
        self.out_proj = Linear2d(hidden, width)

    def forward(self, x: Tensor, text: Text) -> Tensor:
        """The local condition (B, C, H, W) of a map (B, C, H, W)."""
        seen, said = self.vis_proj(x), self.text_proj(text.words)
        if self.mask_padding:
            said = said.masked_fill(~text.real[..., None], 0)
        # neither scaled nor normalised: the products are large, and float16 may not hold them
        similarity = torch.einsum("bchw,blc->blhw", seen, said)
        return self.out_proj(self.unsqueeze(similarity))


class TextMaps(nn.Module):
    """The conditions of several maps; base of what has them, since the release keeps them side by side.

    The names `text_guidencee` and `local_text_fusion` are the release's.
    """

    text_guidencee: nn.ModuleList
    local_text_fusion: nn.ModuleList

    def make_text_maps(self, widths: Sequence[int], config: ReMamberConfig) -> None:
        """One pair of modules per map, of these widths; only those that the configuration has."""
        self.text_guidencee, self.local_text_fusion = nn.ModuleList(), nn.ModuleList()
        for width in widths:
            if config.global_text:
                self.text_guidencee.append(nn.Sequential(nn.Linear(config.text_width, width), nn.ReLU()))
            if config.local_text:
                self.local_text_fusion.append(LocalInteraction(width, config))

    def text_maps(self, level: int, x: Tensor, text: Text, sentence: Tensor) -> list[Tensor]:
        """The global and the local condition of a map x (B, C, H, W), each of its shape (equations 4, 5)."""
        maps = []
        if len(self.text_guidencee):
            maps.append(self.text_guidencee[level](sentence)[..., None, None].expand_as(x))
        if len(self.local_text_fusion):
            maps.append(self.local_text_fusion[level](x, text))
        return maps
