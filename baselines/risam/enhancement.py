"""Feature Enhancement: features of three depths become one map (section 3.2)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from baselines.risam.attention import MLP
from baselines.risam.config import RISAMConfig


class CBA(nn.Sequential):
    """3 x 3 convolutions, batch norm, GELU."""

    def __init__(self, inner: int, outer: int, convolutions: int) -> None:
        layers: list[nn.Module] = []
        for i in range(convolutions):
            layers.append(nn.Conv2d(inner if i == 0 else outer, outer, 3, padding=1, bias=False))
        super().__init__(*layers, nn.BatchNorm2d(outer), nn.GELU())


def per_position(layer: nn.Module, x: Tensor) -> Tensor:
    """A layer on the channels of every position of a map (B, C, H, W)."""
    return layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class LayerEnhancement(nn.Module):
    """Shallow with middle features, then both with deep ones (eqs. 1 and 2)."""

    def __init__(self, widths: Sequence[int], config: RISAMConfig) -> None:
        super().__init__()
        width, convolutions = config.width, config.cba_convolutions
        shallow, middle, deep = widths
        self.shallow, self.middle = MLP(shallow, width), MLP(middle, width)
        self.early, self.deep = MLP(width, width), MLP(deep, width)
        self.join_early = CBA(2 * width, width, convolutions)
        self.join = CBA(2 * width, width, convolutions)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Three maps (B, C_i, H, W), shallow first, to one (B, C, H, W)."""
        shallow, middle, deep = maps
        early = torch.cat([per_position(self.shallow, shallow), per_position(self.middle, middle)], 1)
        early = self.join_early(early)  # eq. 1
        return self.join(
            torch.cat([per_position(self.early, early), per_position(self.deep, deep)], 1)
        )  # eq. 2


class NoEnhancement(nn.Module):
    """The deep features alone, brought to C channels by one linear layer (Table 2, #1)."""

    def __init__(self, widths: Sequence[int], config: RISAMConfig) -> None:
        super().__init__()
        self.deep = nn.Linear(widths[-1], config.width)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """As `LayerEnhancement.forward`."""
        return per_position(self.deep, maps[-1])


class ViTDetEnhancement(nn.Module):
    """Three scales made of the deep features alone, in the place of three depths (Table 6, #11).

    The scales are those of ViTDet's simple pyramid (Li et al. 2022) around the map's own: twice as fine by a
    transposed convolution, as it is, and half as fine by max pooling; brought back to one grid for eqs. 1-2.
    """

    def __init__(self, widths: Sequence[int], config: RISAMConfig) -> None:
        super().__init__()
        self.fine = nn.ConvTranspose2d(widths[-1], config.width, 2, stride=2)
        self.same = nn.Conv2d(widths[-1], config.width, 1)
        self.coarse = nn.Conv2d(widths[-1], config.width, 1)
        self.join = LayerEnhancement([config.width] * 3, config)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """As `LayerEnhancement.forward`."""
        deep = maps[-1]
        scales = [self.fine(deep), self.same(deep), self.coarse(max_pool2d(deep, 2, ceil_mode=True))]
        return self.join([interpolate(s, deep.shape[-2:], mode="bilinear") for s in scales])


ENHANCEMENTS: dict[str, type[nn.Module]] = {
    "layers": LayerEnhancement,
    "none": NoEnhancement,
    "vitdet": ViTDetEnhancement,
}
