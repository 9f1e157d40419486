"""What a ReMamber is made of, with every reading as a named field."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any, Literal, get_args

from baselines.nn.checkpoint import count, shape
from baselines.nn.vmamba import VMambaConfig
from rebench.errors import RebenchError

Decoder = Literal["conv", "mamba"]
Fusion = Literal["twister", "in-context", "attention", "norm"]
Scans = Literal["channel-spatial", "spatial-channel", "parallel", "channel", "spatial"]
Variant = Literal["released", "paper"]


@dataclass(frozen=True, slots=True)
class ReMamberConfig(VMambaConfig):
    """A configuration of ReMamber (Yang et al., ECCV 2024); the defaults are the released base model.

    Attributes:
        widths, depths, states, ratio, mlp_ratio, drop_path: of the trunk, VMamba-B.
        decoder: "conv" is the paper's; "mamba" came with the release.
        fusion: what reads the text into a stage: the Twister, or one of the three designs of section 3.6.
        scans: what a Twister scans, and in which order (the paper's Table 3).
        global_text, local_text: which of the two conditions stand in the hybrid cube (Table 4).
        blocks: fusion blocks per stage. Reading: 2, as released; the paper has one twisting layer.
        channel_grid: side of the grid on which the channel scan runs. The paper has none: there, every
            position of the map would be a feature, and the weights would depend on its size.
        local_width: C_c of equation 5.
        max_words: length of every sentence; it is the input width of the convolution after equation 5.
        decoder_depths: state-space blocks per level of the mamba decoder.
        decoder_sentence: what the mamba decoder has for a sentence. "first": the vector of the start token,
            which in a causal text tower is the same for all sentences; "pooled": that of the end token.
        mask_padding: whether padding words have a similarity of 0 to every position (equation 5).
        antialias: whether a map that the channel scan shrinks to its grid is averaged, not sampled.
        align_corners: of the decoders' resizes. The Twister's are half-pixel in any case; one convention for
            all keeps the maps in register.
        image_size: side of the square input in pixels.
    """

    drop_path: float = 0.1
    decoder: Decoder = "conv"
    fusion: Fusion = "twister"
    scans: Scans = "channel-spatial"
    global_text: bool = True
    local_text: bool = True
    blocks: int = 2
    channel_grid: int = 16
    text_width: int = 768
    local_width: int = 512
    max_words: int = 20
    decoder_depths: tuple[int, ...] = (2, 4, 2, 2)
    decoder_sentence: Literal["first", "pooled"] = "first"
    mask_padding: bool = False
    antialias: bool = False
    align_corners: bool = True
    image_size: int = 480

    def __post_init__(self) -> None:
        """Refuse what does not exist.

        Raises:
            RebenchError: a decoder, fusion or order of scans of another name.
        """
        for name, kind in (("decoder", Decoder), ("fusion", Fusion), ("scans", Scans)):
            _check(name, getattr(self, name), kind)

    @classmethod
    def of(cls, state: Mapping[str, Any], **given: Any) -> "ReMamberConfig":
        """The configuration of weights with the names of the release; what is given wins.

        Fields that no tensor tells keep their defaults.

        Args:
            state: tensors by name.
            given: fields, and `variant` as for `configure`.

        Raises:
            RebenchError: they are of another model, or an option does not exist.
        """
        trunk = VMambaConfig.of(
            {k.removeprefix("backbone."): state[k] for k in state if k.startswith("backbone.")}
        )
        found: dict[str, Any] = {
            name: getattr(trunk, name) for name in ("widths", "depths", "states", "ratio", "mlp_ratio")
        }
        found["blocks"] = count(state, "backbone.multimodal_blocks.0.blocks")
        found |= {
            field: shape(state, name)[axis] for field, (name, axis) in _TOLD_BY.items() if name in state
        }
        if _GRID in state:
            found["channel_grid"] = isqrt(shape(state, _GRID)[1])
        if given.get("decoder") == "mamba":
            levels = [
                f"decoder.multimodal_blocks.{d}" for d in range(count(state, "decoder.multimodal_blocks"))
            ]
            found["decoder_depths"] = tuple(count(state, f"{level}.blocks") for level in levels)
        return configure(**(found | given))


_TOLD_BY = {
    "text_width": ("backbone.text_guidencee.0.0.weight", 1),
    "local_width": ("backbone.local_text_fusion.0.vis_proj.0.weight", 0),
    "max_words": ("backbone.local_text_fusion.0.unsqueeze.0.weight", 1),
}
_GRID = "backbone.multimodal_blocks.0.blocks.0.self_attention.ss1d.in_proj.weight"
REPAIRS: dict[Variant, dict[str, Any]] = {
    "released": {},
    "paper": {
        "decoder_sentence": "pooled",
        "mask_padding": True,
        "antialias": True,
        "align_corners": False,
    },
}


def configure(variant: Variant = "released", **fields: Any) -> ReMamberConfig:
    """A configuration with the oddities of the release, or with them repaired; given fields win.

    Raises:
        RebenchError: an unknown variant or field.
    """
    _check("variant", variant, Variant)
    if unknown := sorted(fields.keys() - set(ReMamberConfig.__dataclass_fields__)):
        raise RebenchError(f"a ReMamber has no option {unknown[0]!r}: see ReMamberConfig")
    return ReMamberConfig(**(REPAIRS[variant] | fields))


def _check(name: str, value: object, kind: Any) -> None:
    if value not in get_args(kind):
        raise RebenchError(f"a ReMamber has no {name} {value!r}: there are {', '.join(get_args(kind))}")


BASE = ReMamberConfig()
TINY = configure(
    "paper",
    decoder="mamba",
    decoder_depths=(1, 1, 1, 1),
    widths=(16, 32, 64, 128),
    depths=(2, 2, 4, 2),
    ratio=1.0,
    mlp_ratio=2.0,
    drop_path=0.0,
    blocks=1,
    channel_grid=8,
    text_width=128,
    local_width=48,
    max_words=24,
    image_size=96,
)
