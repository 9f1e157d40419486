"""What a RISAM is made of, with every reading of the paper as a named field."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ImageEncoderConfig:
    """A frozen image encoder that transformers can build.

    Attributes:
        kind: SAM's windowed ViT, a plain ViT, or Swin.
        pretrained: where its weights are: a name on the Hugging Face hub.
        size: side of the square input in pixels.
        patch: side of a token in pixels, in SAM.
        width: channels of its tokens; of the first stage for Swin.
        depths: how many blocks; per stage for Swin.
        heads: attention heads; per stage for Swin.
        window: side of an attention window in tokens; not for a plain ViT.
        levels: the blocks (of Swin: the stages) after which shallow, middle and deep features are taken,
            counted from 0. In SAM they are the last three blocks with global attention.
        first_global: the block with global attention that comes before those, in SAM.
        mlp_ratio: hidden width of the encoder's MLPs over `width`.
        mean, std: of the red, green and blue of its training images, in 0 to 255.
    """

    kind: Literal["sam", "vit", "swin"] = "sam"
    pretrained: str = "facebook/sam-vit-huge"
    size: int = 1024
    patch: int = 16
    width: int = 1280
    depths: tuple[int, ...] = (32,)
    heads: tuple[int, ...] = (16,)
    window: int = 14
    levels: tuple[int, int, int] = (15, 23, 31)
    first_global: int = 7
    mlp_ratio: float = 4.0
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)

    @property
    def widths(self) -> tuple[int, int, int]:
        """Channels of the shallow, middle and deep features."""
        if self.kind == "swin":
            a, b, c = (self.width * 2**stage for stage in self.levels)
            return a, b, c
        return self.width, self.width, self.width


SAM_H = ImageEncoderConfig()
# The paper names the backbones of Table 7 and nothing more: sizes, weights and levels are readings.
VIT_B = ImageEncoderConfig(
    kind="vit",
    pretrained="google/vit-base-patch16-224-in21k",
    size=480,
    width=768,
    depths=(12,),
    heads=(12,),
    levels=(5, 8, 11),
    mean=(127.5, 127.5, 127.5),
    std=(127.5, 127.5, 127.5),
)
SWIN_B = ImageEncoderConfig(
    kind="swin",
    pretrained="microsoft/swin-base-patch4-window12-384-in22k",
    size=480,
    width=128,
    depths=(2, 2, 18, 2),
    heads=(4, 8, 16, 32),
    window=12,
    levels=(1, 2, 3),
)


@dataclass(frozen=True, slots=True)
class TextEncoderConfig:
    """CLIP's text tower. Reading: that of ViT-L/14; the paper says "pre-trained by CLIP"."""

    pretrained: str = "openai/clip-vit-large-patch14"
    width: int = 768
    layers: int = 12
    heads: int = 12
    vocabulary: int = 49408
    positions: int = 77


@dataclass(frozen=True, slots=True)
class RISAMConfig:
    """A configuration of RISAM (Zhang et al. 2024); the defaults are the paper's main model.

    Attributes:
        image: the image encoder (Table 7).
        text: the text encoder.
        train_text: whether the text encoder is trained too (Table 9).
        max_words: tokens kept of an expression, start and end among them. 17 for RefCOCO, 25 for RefCOCO+ and
            G-Ref (section 4.2). Reading: the paper's "words" are CLIP's tokens.
        width: C, the channels of everything that is trained. Reading: 256, as SAM's own decoder.
        enhancement: how the visual features are made (Tables 2, 6). "layers": eqs. 1-2; "none": one linear
            layer of the deep features; "vitdet": eqs. 1-2 on three scales made of the deep features alone.
        cba_convolutions: 3 x 3 convolutions in a CBA. Reading: one.
        fusion: how image and words meet (Tables 2, 3). "mutual": eqs. 3-5; "conv": convolutions; "te": a
            transformer encoder over both, as ReSTR; "sdf": vision-guided attention alone, as VLT; "bcm": both
            attentions one after the other, as BRINet.
        fusion_blocks: fusion blocks in sequence (Table 4).
        mask_rule: which pairs of position and word may attend (eq. 4). "keep_relevant": relevance of at least
            `mask_threshold`; "as_printed": below it, as eq. 4 says, against the text around it; "none": all
            (Table 3).
        mask_threshold: tau (figure 8).
        renormalise_transpose: whether language-guided attention is normalised over positions, and not the
            transpose of eq. 3 as eq. 5 says.
        decoder: "mutual": section 3.4; "sam": the two-way decoder of SAM (Table 2).
        decoder_blocks: Reading: 2, as SAM.
        decoder_heads: of every multi-head attention. Reading: 8, as SAM.
        decoder_norm: whether layer norms follow the residuals of eqs. 6, 8, 9. Reading: none, as printed.
        attention_output: whether multi-head attention ends in a linear layer. Reading: it does, as usual; the
            paper lists queries, keys and values.
        token_to_image: whether the query and the words attend to the image in every block (Table 5, TOI-A).
        linguistic_guidance: whether the words stand beside the query token (Table 5, ELG).
        text_position: where sine positions are added to the words: as they enter the "decoder", the "fusion",
            or "none". Reading: the decoder; figure 3 has them, the text does not say where.
        threshold: the probability from which a pixel belongs to the referent (section 4.2).
    """

    image: ImageEncoderConfig = SAM_H
    text: TextEncoderConfig = field(default_factory=TextEncoderConfig)
    train_text: bool = False
    max_words: int = 17
    width: int = 256
    enhancement: Literal["layers", "none", "vitdet"] = "layers"
    cba_convolutions: int = 1
    fusion: Literal["mutual", "conv", "te", "sdf", "bcm"] = "mutual"
    fusion_blocks: int = 2
    mask_rule: Literal["keep_relevant", "as_printed", "none"] = "keep_relevant"
    mask_threshold: float = 0.35
    renormalise_transpose: bool = False
    decoder: Literal["mutual", "sam"] = "mutual"
    decoder_blocks: int = 2
    decoder_heads: int = 8
    decoder_norm: bool = False
    attention_output: bool = True
    token_to_image: bool = False
    linguistic_guidance: bool = True
    text_position: Literal["decoder", "fusion", "none"] = "decoder"
    threshold: float = 0.35


BASE = RISAMConfig()
TINY = RISAMConfig(
    image=ImageEncoderConfig(
        pretrained="",
        size=96,
        patch=6,
        width=96,
        depths=(4,),
        heads=(3,),
        window=8,
        levels=(1, 2, 3),
        first_global=1,
        mlp_ratio=2.0,
    ),
    text=TextEncoderConfig(pretrained="", width=128, layers=2, heads=4, vocabulary=0),
    train_text=True,  # there is no trained encoder of these words to keep
    max_words=24,
    width=96,
    decoder_norm=True,
    threshold=0.5,
)

# The rows of the paper's ablation tables, as changes of BASE. #4 is BASE.
ABLATIONS: dict[str, dict[str, Any]] = {
    "without FE (#1)": {"enhancement": "none"},
    "convolutions for MA (#2)": {"fusion": "conv"},
    "SAM's decoder (#3)": {"decoder": "sam"},
    "TE, ReSTR (#5)": {"fusion": "te"},
    "SDF, VLT (#6)": {"fusion": "sdf"},
    "BCM, BRINet (#7)": {"fusion": "bcm"},
    "without attention mask (#8)": {"mask_rule": "none"},
    "with TOI-A (#9)": {"token_to_image": True},
    # A query token alone would have nothing to read: it attends to the image, as a query of VLT does.
    "without ELG (#10)": {"linguistic_guidance": False, "token_to_image": True},
    "ViTDet features (#11)": {"enhancement": "vitdet"},
    "1 MA block": {"fusion_blocks": 1},
    "3 MA blocks": {"fusion_blocks": 3},
    "ViT-B": {"image": VIT_B},
    "Swin-B": {"image": SWIN_B},
    "text encoder trained": {"train_text": True},
}
