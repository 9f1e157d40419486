"""From the four maps of the backbone to one logit per pixel: by convolutions, or by state-space blocks."""

from collections.abc import Sequence
from math import sqrt
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.text import Text
from baselines.nn.vmamba import SS2D, LayerNorm2d, Linear2d
from baselines.remamber.conditions import TextMaps
from baselines.remamber.config import ReMamberConfig


def resize(x: Tensor, size: tuple[int, ...] | torch.Size, align_corners: bool) -> Tensor:
    """Bilinear, without averaging; the identity if x has the size."""
    if x.shape[-2:] == size:
        return x
    return interpolate(x, size, mode="bilinear", align_corners=align_corners)


class ConvNorm(nn.Module):
    """A 1 x 1 convolution without bias, and batch normalisation."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, 1, bias=False)
        self.bn = nn.BatchNorm2d(outer)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inner, H, W) to (B, outer, H, W)."""
        return self.bn(self.conv(x))


class Mixer(nn.Module):
    """1 x 1, depthwise 3 x 3, 1 x 1, each normalised. The release calls it a residual block; it has none."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv1 = ConvNorm(inner, inner)
        self.dwconv = nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False)
        self.norm = nn.BatchNorm2d(inner)
        self.conv2 = ConvNorm(inner, outer)
        self.act = nn.Hardswish()
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                area = module.kernel_size[0] * module.kernel_size[1]
                nn.init.normal_(module.weight, std=sqrt(2 * module.groups / (area * module.out_channels)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inner, H, W) to (B, outer, H, W)."""
        x = self.act(self.conv1(x))
        return self.conv2(self.act(self.norm(self.dwconv(x))))


class ConvDecoder(nn.Module):
    """The paper's decoder: mixers from the coarsest map up, then two convolutions up to the image."""

    def __init__(self, config: ReMamberConfig) -> None:
        super().__init__()
        w0, w1, w2, w3 = config.widths
        hidden = 4 * w0
        self.align_corners = config.align_corners
        self.mixer3 = Mixer(w3, hidden)
        self.mixer2 = Mixer(hidden + w2, hidden)
        self.mixer1 = Mixer(hidden + w1, hidden)

        def up() -> nn.Upsample:
            return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=config.align_corners)

        self.neck = nn.Sequential(
            *_conv_norm_relu(hidden + w0, hidden, bias=True),
            up(),
            *_conv_norm_relu(hidden, hidden, bias=True),
            up(),
            nn.Conv2d(hidden, 1, 3, padding=1),
        )

    def forward(self, maps: list[Tensor], text: Text) -> Tensor:
        """Maps (B, C_i, H_i, W_i), finest first, to logits (B, 1, 4 H_0, 4 W_0). Takes no text."""
        x = self.mixer3(maps[3])
        x = self.mixer2(self._beside(x, maps[2]))
        x = self.mixer1(self._beside(x, maps[1]))
        return self.neck(self._beside(x, maps[0]))

    def _beside(self, x: Tensor, finer: Tensor) -> Tensor:
        # the released code doubles; where sides were rounded up, that is not the size of the finer map
        return torch.cat([resize(x, finer.shape[-2:], self.align_corners), finer], 1)


class DecoderBlock(nn.Module):
    """x += SS2D(norm(x)), without an MLP."""

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.ln_1 = LayerNorm2d(width)
        self.self_attention = SS2D(width, states=config.states, ratio=config.ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return x + self.self_attention(self.ln_1(x))


class Upsample(nn.Module):
    """Resize, halve the channels, normalise."""

    def __init__(self, width: int, align_corners: bool) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.proj = Linear2d(width, width // 2, bias=False)
        self.norm = LayerNorm2d(width // 2)

    def forward(self, x: Tensor, size: torch.Size | None = None) -> Tensor:
        """(B, C, H, W) to (B, C / 2, *size); without a size, twice as large."""
        height, width = x.shape[-2:]
        return self.norm(self.proj(resize(x, size or (2 * height, 2 * width), self.align_corners)))


class Level(nn.Module):
    """One width of the mamba decoder; `downsample` goes up and keeps the name of the release."""

    def __init__(self, width: int, depth: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DecoderBlock(width, config) for _ in range(depth)))
        self.downsample = Upsample(width, config.align_corners)


class MapFusion(nn.Module):
    """Two convolutions over two maps; the smaller is first resized to the larger."""

    def __init__(self, inner: int, outer: int, align_corners: bool) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.fusion = nn.Sequential(*_conv_norm_relu(inner, outer), *_conv_norm_relu(outer, outer))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Two maps (B, C / 2, ., .) to (B, outer, H, W), the larger size."""
        size = max(a.shape[-2:], b.shape[-2:], key=lambda s: s[0] * s[1])
        return self.fusion(torch.cat([resize(x, size, self.align_corners) for x in (a, b)], 1))


class MambaDecoder(TextMaps):
    """The release's second decoder: text, state-space blocks and a skip connection on every level."""

    def __init__(self, config: ReMamberConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths[::-1]
        self.make_text_maps(widths, config)
        self.multimodal_blocks = nn.ModuleList(
            Level(width, depth, config) for width, depth in zip(widths, config.decoder_depths, strict=True)
        )
        parts = 1 + config.global_text + config.local_text
        self.in_proj = nn.ModuleList(Linear2d(parts * width, width, bias=False) for width in widths)
        self.hire_fusion = nn.ModuleList(
            MapFusion(width, width // 2, config.align_corners) for width in widths[:-1]
        )
        last = widths[-1] // 2
        self.proj_out = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Sequential(*_conv_norm_relu(last, last)),
            nn.Conv2d(last, 1, 3, padding=1),
        )

    def forward(self, maps: list[Tensor], text: Text) -> Tensor:
        """Maps (B, C_i, H_i, W_i), finest first, to logits (B, 1, 4 H_0, 4 W_0)."""
        sentence = text.words[:, 0] if self.config.decoder_sentence == "first" else text.sentence
        *skips, f = maps
        for d, level in enumerate(cast("Sequence[Level]", self.multimodal_blocks)):
            f = self.in_proj[d](torch.cat([f, *self.text_maps(d, f, text, sentence)], 1))
            f = level.blocks(f)
            if skips:
                skip = skips.pop()
                # twice as large, but for sides that were rounded up
                f = self.hire_fusion[d](level.downsample(f, skip.shape[-2:]), skip) + skip
            else:
                f = level.downsample(f)
        return self.proj_out(f)


def _conv_norm_relu(inner: int, outer: int, bias: bool = False) -> list[nn.Module]:
    return [nn.Conv2d(inner, outer, 3, padding=1, bias=bias), nn.BatchNorm2d(outer), nn.ReLU()]


DECODERS: dict[str, type[nn.Module]] = {"conv": ConvDecoder, "mamba": MambaDecoder}
