"""ReMamber: a VMamba whose stages each read the sentence, and a decoder (Yang et al., ECCV 2024)."""

from typing import cast

import torch
from torch import Tensor, nn

from baselines.nn.text import Text
from baselines.nn.vmamba import VMamba
from baselines.remamber.conditions import TextMaps
from baselines.remamber.config import ReMamberConfig
from baselines.remamber.decoders import DECODERS, resize
from baselines.remamber.fusions import BLOCKS
from rebench.errors import RebenchError


class FusionStage(nn.Module):
    """The fusion blocks of one stage."""

    def __init__(self, width: int, config: ReMamberConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(BLOCKS[config.fusion](width, config) for _ in range(config.blocks))


class Backbone(VMamba, TextMaps):
    """The trunk with a fusion after the blocks of every stage, before the next stage."""

    def __init__(self, config: ReMamberConfig) -> None:
        super().__init__(config)
        self.twists = config.fusion == "twister"
        if self.twists:
            self.make_text_maps(config.widths, config)
        self.multimodal_blocks = nn.ModuleList(FusionStage(width, config) for width in config.widths)

    def before_text(self, images: Tensor) -> Tensor:
        """All that depends on the picture alone: the stem and the blocks of the first stage."""
        return self.stages[0].blocks(self.patch_embed(images))

    def forward(self, x: Tensor, text: Text) -> list[Tensor]:  # type: ignore[override]
        """The fused maps (B, C_i, H_i, W_i), finest first, from what `before_text` gave."""
        maps = []
        for i, stage in enumerate(self.stages):
            x = self._fuse(i, stage.blocks(x) if i else x, text)
            maps.append(x)
            x = stage.downsample(x)
        return maps

    def _fuse(self, i: int, x: Tensor, text: Text) -> Tensor:
        blocks = cast("FusionStage", self.multimodal_blocks[i]).blocks
        if not self.twists:
            for block in blocks:
                x = block(x, text)
            return x
        conditions = self.text_maps(i, x, text, text.sentence)
        for block in blocks:
            x, conditions = block(x, conditions)
        return x


class ReMamber(nn.Module):
    """Image and sentence to mask logits.

    Every stage but the first sees what the text did to the one before, so of a picture only the stem and the
    blocks of the first stage can be kept for its other expressions: `encode`.

    Args:
        config: what it is made of.
        text_encoder: ids and which are real to words and sentence, such as `baselines.nn.clip.ClipText`;
            without one, the model takes their vectors.
    """

    def __init__(self, config: ReMamberConfig, text_encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.text_encoder = text_encoder
        self.decoder = DECODERS[config.decoder](config)

    def encode(self, images: Tensor) -> Tensor:
        """What all expressions of images (B, 3, H, W), ImageNet-normalised, share: (B, C_0, H / 4, W / 4)."""
        return self.backbone.before_text(images)

    def decode(
        self,
        encoded: Tensor,
        words: Tensor,
        sentence: Tensor,
        real: Tensor | None = None,
        size: tuple[int, int] | None = None,
    ) -> Tensor:
        """Logits (B, 1, *size) from what `encode` gave; arguments as for `forward`."""
        length = self.config.max_words
        if words.shape[1] != length:
            raise RebenchError(
                f"this ReMamber reads sentences of {length} words, padded, not {words.shape[1]}"
            )
        if real is None:
            real = torch.ones(words.shape[:2], dtype=torch.bool, device=words.device)
        text = Text(words, sentence, real)
        logits = self.decoder(self.backbone(encoded, text), text)
        return resize(logits, size or logits.shape[-2:], self.config.align_corners)

    def forward(self, image: Tensor, words: Tensor, sentence: Tensor, real: Tensor | None = None) -> Tensor:
        """Logits (B, 1, H, W).

        Args:
            image: (B, 3, H, W), ImageNet-normalised, of any size.
            words: (B, max_words, text_width), the vectors of all tokens, of padding too.
            sentence: (B, text_width), the pooled vector.
            real: (B, max_words) bool, which tokens are no padding; without, all. The released model does not
                ask (`mask_padding`).

        Raises:
            RebenchError: sentences of another length.
        """
        size = (image.shape[-2], image.shape[-1])
        return self.decode(self.encode(image), words, sentence, real, size)
