"""TFANet: a VMamba with fusions between stages, and a decoder that reads the words again (Lu et al. 2025)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.clip import ClipText
from baselines.nn.text import Text
from baselines.nn.vmamba import VMamba
from baselines.tfanet.config import TFANetConfig
from baselines.tfanet.decoder import MaskDecoder
from baselines.tfanet.fusion import Fusion
from rebench.errors import RebenchError


class TFANet(nn.Module):
    """Image and sentence to two score maps, background and referent.

    Every stage but the first sees what the text did to the one before (equation 3), so of a picture only the
    stem and the blocks of the first stage can be kept for its other expressions: `encode`.

    Args:
        config: what it is made of.
        text_encoder: ids and which are real to words and sentence, such as `baselines.nn.clip.ClipText`;
            without one, the model takes their vectors.
        trunk: such as `VMamba.from_imagenet` gives; without one, an untrained one.
    """

    def __init__(
        self, config: TFANetConfig, text_encoder: nn.Module | None = None, trunk: VMamba | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.trunk = trunk or VMamba(config)
        self.fusions = nn.ModuleList(Fusion(width, config) for width in config.widths)
        self.decoder = MaskDecoder(config)
        self.text_encoder = text_encoder

    def encode(self, images: Tensor) -> Tensor:
        """What all expressions of images (B, 3, H, W), ImageNet-normalised, share: (B, C_0, H / 4, W / 4)."""
        return self.trunk.stages[0].blocks(self.trunk.patch_embed(images))

    def decode(
        self,
        encoded: Tensor,
        words: Tensor,
        sentence: Tensor,
        real: Tensor,
        size: tuple[int, int] | None = None,
    ) -> Tensor:
        """Scores (B, 2, *size) from what `encode` gave; without a size, a quarter of the image's.

        Arguments as for `forward`.
        """
        longest = self.config.max_words
        if words.shape[1] > longest:
            raise RebenchError(
                f"this TFANet reads sentences of at most {longest} words, not {words.shape[1]}"
            )
        text = Text(words.masked_fill(~real[..., None], 0), sentence, real)
        fused_maps, word_maps = [], []
        x = encoded
        for i, (stage, fusion) in enumerate(zip(self.trunk.stages, self.fusions, strict=True)):
            x = stage.blocks(x) if i else x
            fused, verbal = fusion(x, text)
            fused_maps.append(fused)
            word_maps.append(verbal)
            x = stage.downsample(x + fused)
        scores = self.decoder(fused_maps, word_maps, real)
        return scores if size is None else interpolate(scores, size, mode="bilinear", align_corners=False)

    def forward(self, image: Tensor, words: Tensor, sentence: Tensor, real: Tensor) -> Tensor:
        """Scores (B, 2, H, W).

        Args:
            image: (B, 3, H, W), ImageNet-normalised, of any size.
            words: (B, L, text_width), the vectors of at most `max_words` tokens; padding is not looked at.
            sentence: (B, text_width), the pooled vector.
            real: (B, L) bool, which words are no padding; they come first.

        Raises:
            RebenchError: longer sentences.
        """
        return self.decode(self.encode(image), words, sentence, real, size=(image.shape[-2], image.shape[-1]))


def parameters(config: TFANetConfig) -> dict[str, int]:
    """The parameters of a model with CLIP's text tower, by part; no memory is taken."""
    with torch.device("meta"):
        model = TFANet(config, ClipText.large())
    return {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
