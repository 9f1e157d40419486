"""SaFiRe: saccade, then fixation, on every level of a Swin (Mao et al., NeurIPS 2025)."""

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.heads import TopDownHead
from baselines.nn.text import BertEncoder, SmallTextEncoder
from baselines.nn.vssm import MapLayer
from baselines.safire.backbones import SwinStages, make_backbone
from baselines.safire.config import SaFiReConfig
from baselines.safire.fixation import Fixation


class Saccade(nn.Module):
    """Global modulation: the pooled sentence scales, shifts and gates a state-space layer (section 3.2).

    F' = F + a * VSSM((1 + g) * norm(F) + b), where (g, b, a) are one linear layer of the pooled sentence,
    zero at the start as in adaLN-Zero (Peebles and Xie 2023).
    """

    def __init__(self, width: int, config: SaFiReConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 3 * width)
        nn.init.zeros_(self.modulation.bias)
        if config.open_gates:
            nn.init.normal_(self.modulation.weight, std=0.02)
            nn.init.ones_(self.modulation.bias[2 * width :])
        else:
            nn.init.zeros_(self.modulation.weight)
        self.layer = MapLayer(width, config.ssm_ratio, config.mlp_ratio)

    def forward(self, x: Tensor, height: int, width: int, sentence: Tensor) -> Tensor:
        """Map tokens (B, H*W, C) and the pooled sentence (B, C)."""
        scale, shift, gate = self.modulation(sentence)[:, None].chunk(3, -1)
        return x + gate * self.layer((1 + scale) * self.norm(x) + shift, height, width)


class SFLayer(nn.Module):
    """One saccade and one fixation on one level."""

    def __init__(self, level: int, config: SaFiReConfig) -> None:
        super().__init__()
        width = config.widths[level]
        side = math.ceil(config.image_size / (4 * 2**level) / config.window)
        self.saccade = Saccade(width, config) if config.saccade else None
        self.fixation = Fixation(width, side * side, config) if config.fixation else None

    def forward(
        self, x: Tensor, height: int, width: int, text: Tensor, real: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Map tokens (B, H*W, C) and words (B, L, C) to the same."""
        if self.saccade is not None:
            sentence = text.sum(1) / real.sum(1, keepdim=True).clamp(min=1)
            x = self.saccade(x, height, width, sentence)
        if self.fixation is not None:
            x, text = self.fixation(x, height, width, text, real)
        return x, text


class SaFiRe(nn.Module):
    """Image and expression to mask logits. The image is encoded once for all of its expressions."""

    def __init__(self, config: SaFiReConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = make_backbone(config)
        self.text: nn.Module
        if config.text == "bert":
            self.text = BertEncoder(
                vocab_size=config.vocabulary,
                hidden_size=config.text_width,
                num_hidden_layers=config.text_layers,
                num_attention_heads=config.text_heads,
                intermediate_size=4 * config.text_width,
            )
        else:
            self.text = SmallTextEncoder(
                config.vocabulary, config.text_width, config.text_layers, config.text_heads, config.max_words
            )
        before = (config.text_width, *config.widths[:-1])
        self.text_proj = nn.ModuleList(nn.Linear(a, b) for a, b in zip(before, config.widths, strict=True))
        self.layers = nn.ModuleList(SFLayer(level, config) for level in range(4))
        self.head = TopDownHead(config.widths, config.head_width)

    def encode(self, images: Tensor) -> list[Tensor]:
        """Four levels (B, C_i, H_i, W_i) of images (B, 3, H, W), RGB, ImageNet-normalised.

        With `feed_back`, only what the first stage gives: the others see the expression.
        """
        if self.config.feed_back:
            return [SwinStages(self.backbone).first(images)]
        levels = self.backbone(images)
        return list(levels if self.config.backbone == "vit" else levels.feature_maps)

    def decode(self, encoded: Sequence[Tensor], ids: Tensor, real: Tensor, size: tuple[int, int]) -> Tensor:
        """Logits (B, 1, *size) of expressions ids (B, L) int64, of which `real` (B, L) are no padding."""
        text = self.text(ids, real)
        maps: list[Tensor] = []
        for i, (project, layer) in enumerate(zip(self.text_proj, self.layers, strict=True)):
            level = self._fed_level(i, encoded[0], maps) if self.config.feed_back else encoded[i]
            text = project(text) * real[..., None]
            height, width = level.shape[-2:]
            x, text = layer(level.flatten(2).transpose(1, 2), height, width, text, real)
            maps.append(x.transpose(1, 2).unflatten(2, (height, width)))
        return interpolate(self.head(maps), size, mode="bilinear", align_corners=False)

    def _fed_level(self, i: int, first: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Level i where the layer before it fed its map back."""
        stages = SwinStages(self.backbone)
        return stages.level(i, stages.following(i, maps[-1]) if i else first)

    def forward(self, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """Logits (B, 1, H, W), one expression per image."""
        return self.decode(self.encode(images), ids, real, (images.shape[-2], images.shape[-1]))
