"""What looks at the picture: a Swin, stage by stage if need be, or a plain ViT made into four levels."""

from typing import Any

from torch import Tensor, nn
from transformers import SwinBackbone, SwinConfig, ViTConfig, ViTModel

from baselines.nn.vmamba import LayerNorm2d
from baselines.safire.config import SaFiReConfig


def make_backbone(config: SaFiReConfig) -> nn.Module:
    """An untrained backbone."""
    return ViTPyramid(config) if config.backbone == "vit" else make_swin(config)


def make_swin(config: SaFiReConfig) -> SwinBackbone:
    """Swin with a layer norm on each of its four levels."""
    return SwinBackbone(
        SwinConfig(
            image_size=config.image_size,
            embed_dim=config.embed_dim,
            depths=list(config.depths),
            num_heads=list(config.heads),
            window_size=config.swin_window,
            mlp_ratio=config.swin_mlp_ratio,
            drop_path_rate=config.drop_path,
            out_features=["stage1", "stage2", "stage3", "stage4"],
        )
    )


class SwinStages:
    """The stages of a Swin one by one, for what stands between them. Holds the backbone, owns nothing."""

    def __init__(self, backbone: Any) -> None:
        self._norms = backbone.hidden_states_norms
        swin = getattr(backbone, "swin", backbone)  # a part of its own since transformers 5
        self._embed, self._stages = swin.embeddings, swin.encoder.layers

    def first(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to what the first stage makes of them, (B, C_0, H / 4, W / 4)."""
        tokens, size = self._embed(images)
        return self._run(0, tokens, size)

    def following(self, stage: int, x: Tensor) -> Tensor:
        """What a stage makes of what stands for the output of the stage before it, (B, C, H, W)."""
        height, width = x.shape[-2:]
        tokens = self._stages[stage - 1].downsample(x.flatten(2).transpose(1, 2), (height, width))
        return self._run(stage, tokens, (-(-height // 2), -(-width // 2)))

    def level(self, stage: int, x: Tensor) -> Tensor:
        """The level of a stage, which is its output through a layer norm."""
        return self._norms[f"stage{stage + 1}"](x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def _run(self, stage: int, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        for block in self._stages[stage].blocks:
            tokens = block(tokens, size, always_partition=True)[0]
        return tokens.transpose(1, 2).unflatten(2, size)


class ViTPyramid(nn.Module):
    """A plain ViT with patches of 16 pixels, and the simple feature pyramid of ViTDet on its last map.

    Li et al. 2022, section 3: the one map at stride 16 is brought to strides 4, 8 and 32 by transposed
    convolutions and a pooling, then to the width of each level by a 1 x 1 and a 3 x 3 convolution.
    """

    def __init__(self, config: SaFiReConfig) -> None:
        super().__init__()
        width = config.vit_width
        self.vit = ViTModel(
            ViTConfig(
                hidden_size=width,
                num_hidden_layers=config.vit_layers,
                num_attention_heads=config.vit_heads,
                intermediate_size=4 * width,
                image_size=224,  # of its ImageNet training; positions are interpolated
            ),
            add_pooling_layer=False,
        )
        half, quarter = width // 2, width // 4
        self.scales = nn.ModuleList(
            [
                nn.Sequential(_up(width, half), LayerNorm2d(half), nn.GELU(), _up(half, quarter)),
                _up(width, half),
                nn.Identity(),
                nn.MaxPool2d(2),
            ]
        )
        self.outputs = nn.ModuleList(
            _output(inner, outer)
            for inner, outer in zip((quarter, half, width, width), config.widths, strict=True)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """Four levels (B, C_i, H_i, W_i) of images (B, 3, H, W) whose sides are multiples of 32."""
        tokens = self.vit(images, interpolate_pos_encoding=True).last_hidden_state[:, 1:]
        x = tokens.transpose(1, 2).unflatten(2, (images.shape[-2] // 16, images.shape[-1] // 16))
        return [output(scale(x)) for scale, output in zip(self.scales, self.outputs, strict=True)]


def _up(inner: int, outer: int) -> nn.Module:
    return nn.ConvTranspose2d(inner, outer, 2, 2)


def _output(inner: int, outer: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inner, outer, 1, bias=False),
        LayerNorm2d(outer),
        nn.Conv2d(outer, outer, 3, padding=1, bias=False),
        LayerNorm2d(outer),
    )
