"""The Knowledge Intensification Stage: from the fused maps to two score maps (section 3.5)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.vmamba import Linear2d
from baselines.tfanet.config import TFANetConfig


class WordKernels(nn.Module):
    """The dynamic kernels of one level (equation 23): a 1 x 1 convolution of the words, resampled."""

    def __init__(self, width: int, config: TFANetConfig) -> None:
        super().__init__()
        self.max_words, self.side = config.max_words, config.kernel_grid
        self.convolution = nn.Conv1d(width, width, 1)
        self.grid = nn.Conv1d(config.max_words, config.kernel_grid**2, 1) if config.kernel == "grid" else None

    def forward(self, words: Tensor, real: Tensor, size: tuple[int, int]) -> Tensor:
        """Kernels (B, C, 1 or H, W) for maps of `size`.

        Args:
            words: F_LV, (B, C, L).
            real: (B, L) bool; the real words come first.
            size: H and W.
        """
        kernels = self.convolution(words)
        if self.grid is None:
            return (kernels @ stretched(real, size[1]).to(kernels.dtype))[:, :, None]
        kernels = kernels.masked_fill(~real[:, None], 0)
        weight = self.grid.weight[:, : words.shape[2], 0]  # missing words are words of padding
        cells = kernels @ weight.t() + self.grid.bias
        return interpolate(
            cells.unflatten(2, (self.side, self.side)), size, mode="bilinear", align_corners=False
        )


def stretched(real: Tensor, width: int) -> Tensor:
    """The matrices (B, L, width) that resample the real words of each sentence bilinearly to `width` columns.

    Half-pixel, as `interpolate` with `align_corners=False`; real (B, L) bool, the real words first.
    """
    count = real.sum(1, keepdim=True).clamp(min=1)
    columns = (torch.arange(width, device=real.device) + 0.5) * count / width - 0.5
    places = columns.clamp(min=torch.zeros_like(count), max=count - 1)  # (B, width), in words
    words = torch.arange(real.shape[1], device=real.device)[:, None]
    return (1 - (places[:, None] - words).abs()).clamp(min=0)


class MaskDecoder(nn.Module):
    """Aggregation of the levels from the coarsest up (equations 25, 26), and two score maps.

    Without WFDM the maps are aggregated as they come: the light decoder of the baseline.
    """

    def __init__(self, config: TFANetConfig) -> None:
        super().__init__()
        self.kernels = nn.ModuleList(WordKernels(width, config) for width in config.widths if config.wfdm)
        self.match = nn.ModuleList(Linear2d(width, config.mask_width) for width in config.widths)
        self.alpha = nn.Parameter(torch.tensor(0.5))
        self.scores = Linear2d(config.mask_width, 2)

    def forward(self, maps: Sequence[Tensor], words: Sequence[Tensor], real: Tensor) -> Tensor:
        """Scores (B, 2, H_0, W_0), background and referent.

        Args:
            maps: F_F of every level, (B, C_i, H_i, W_i), finest first.
            words: F_LV of every level, (B, C_i, L).
            real: (B, L) bool.
        """
        mask = None
        for i in reversed(range(len(maps))):
            x = maps[i]
            size = (x.shape[-2], x.shape[-1])
            if len(self.kernels):
                x = self.kernels[i](words[i], real, size) * x
            x = self.match[i](x)
            if mask is None:
                mask = x
            else:
                coarse = interpolate(mask, size, mode="bilinear", align_corners=False)
                mask = self.alpha * coarse + (1 - self.alpha) * x
        return self.scores(mask)
