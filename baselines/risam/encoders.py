"""The frozen image encoders of RISAM, through transformers: an image to features of three depths."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.nn.functional import interpolate

from baselines.nn.checkpoint import SWIN_NORMS, pretrained
from baselines.risam.config import ImageEncoderConfig

if TYPE_CHECKING:
    from transformers.models.sam.modeling_sam import SamVisionEncoder

_NOT_VISION = r"(?!vision_encoder\.)"


class SamEncoder(nn.Module):
    """The ViT of SAM (Kirillov et al. 2023) without its neck: stride 16, features after chosen blocks."""

    def __init__(self, config: ImageEncoderConfig, source: str | Path | None = None) -> None:
        super().__init__()
        from transformers import SamModel

        self.levels = config.levels
        self.vision: Any = (
            _sam(config) if source is None else pretrained(SamModel, source, _NOT_VISION).vision_encoder
        )
        del self.vision.neck  # its output is not used
        del self.vision.layers[max(self.levels) + 1 :]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Three maps (B, width, S / 16, S / 16), shallow first, of images (B, 3, S, S)."""
        x = self.vision.patch_embed(images) + self.vision.pos_embed
        maps = []
        for block, layer in enumerate(self.vision.layers):
            x = layer(x)
            x = x[0] if isinstance(x, tuple) else x  # a tuple before transformers 5
            if block in self.levels:
                maps.append(x.permute(0, 3, 1, 2))
        return maps


def _sam(config: ImageEncoderConfig) -> "SamVisionEncoder":
    from transformers import SamVisionConfig
    from transformers.models.sam.modeling_sam import SamVisionEncoder

    vision = SamVisionConfig(
        hidden_size=config.width,
        num_hidden_layers=config.depths[0],
        num_attention_heads=config.heads[0],
        image_size=config.size,
        patch_size=config.patch,
        window_size=config.window,
        global_attn_indexes=sorted({config.first_global, *config.levels}),
        mlp_dim=int(config.mlp_ratio * config.width),
        initializer_range=0.02,
    )
    vision._attn_implementation = "sdpa"
    return SamVisionEncoder(vision)


class VitEncoder(nn.Module):
    """A plain ViT with patches of 16 pixels, at a size other than that of its training."""

    def __init__(self, config: ImageEncoderConfig, source: str | Path | None = None) -> None:
        super().__init__()
        from transformers import ViTConfig, ViTModel

        self.levels = config.levels
        if source is not None:
            self.vision: Any = pretrained(ViTModel, source, add_pooling_layer=False)
            return
        vision = ViTConfig(
            hidden_size=config.width,
            num_hidden_layers=config.depths[0],
            num_attention_heads=config.heads[0],
            intermediate_size=int(config.mlp_ratio * config.width),
            image_size=224,
        )
        self.vision = ViTModel(vision, add_pooling_layer=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Three maps (B, width, S / 16, S / 16), shallow first, of images (B, 3, S, S)."""
        states = self.vision(images, interpolate_pos_encoding=True, output_hidden_states=True).hidden_states
        side = images.shape[-1] // 16
        return [states[i + 1][:, 1:].transpose(1, 2).unflatten(2, (side, side)) for i in self.levels]


class SwinEncoder(nn.Module):
    """Swin, its stages brought to the grid of the middle one (stride 16 for the last three)."""

    def __init__(self, config: ImageEncoderConfig, source: str | Path | None = None) -> None:
        super().__init__()
        from transformers import SwinBackbone, SwinConfig

        stages = [f"stage{level + 1}" for level in config.levels]
        if source is not None:
            self.vision: Any = pretrained(SwinBackbone, source, SWIN_NORMS, out_features=stages)
            return
        vision = SwinConfig(
            image_size=config.size,
            embed_dim=config.width,
            depths=list(config.depths),
            num_heads=list(config.heads),
            window_size=config.window,
            mlp_ratio=config.mlp_ratio,
            out_features=stages,
        )
        self.vision = SwinBackbone(vision)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Three maps (B, widths[i], H, W), shallow first, of images (B, 3, S, S)."""
        maps = self.vision(images).feature_maps
        size = maps[1].shape[-2:]
        return [interpolate(m, size, mode="bilinear", align_corners=False) for m in maps]


ENCODERS: dict[str, Callable[..., nn.Module]] = {"sam": SamEncoder, "vit": VitEncoder, "swin": SwinEncoder}


def image_encoder(config: ImageEncoderConfig, source: str | Path | None = None) -> nn.Module:
    """An image encoder: untrained, or with the weights of a hub name or folder."""
    return ENCODERS[config.kind](config, source)
