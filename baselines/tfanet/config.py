"""What a TFANet is made of, with every reading of the paper as a named field."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from baselines.nn.vmamba import VMambaConfig
from rebench.errors import RebenchError

Attention = Literal["mlam", "transformer", "none"]
Convolution = Literal["separable", "full"]
KeyValueNorm = Literal["keys", "values"]
GlobalText = Literal["words", "sentence"]
SpatialInput = Literal["sum", "channel"]
Kernel = Literal["words", "grid"]


@dataclass(frozen=True, slots=True)
class TFANetConfig(VMambaConfig):
    """A configuration of TFANet (Lu et al. 2025); the defaults are the paper's full model.

    Attributes:
        widths, depths, states, ratio, mlp_ratio: of the trunk. Reading: VMamba-B.
        drop_path: stochastic depth of the trunk in training. Reading: 0.1.
        attention: how map and words read each other in the Knowledge Plus Stage: "mlam" (eqs. 8 to 15), the
            softmax attention of eq. 7 in one scale, or "none": the features as they come (Tables 3 and 4).
        cfsm: whether the two scans of the Knowledge Fusion Stage run (eqs. 20 to 22), or a 1 x 1 convolution
            alone mixes the block (Table 3a).
        wfdm: whether kernels made from the words multiply the maps in the decoder (eqs. 23, 24).
        text_width: of the words and the sentence. Reading: 768, CLIP ViT-L/14's.
        max_words: longest sentence; it is the input width of the convolution after eq. 16. 17 for RefCOCO and
            RefCOCO+, 22 for G-Ref. Reading: CLIP's tokens, start and end among them.
        kernels: sizes of the convolutions of MLAM, one scale each.
        convolution: of those. Reading: "separable", a 1 x 1 and then a depthwise one; "full" has by far more
            parameters than Table 4 leaves for MLAM.
        mlam_ratio: channels of MLAM's queries, keys and values over the map's. Reading: half, from Table 4.
        kv_norm: the axis of K^T V over which XNorm sums (eq. 9). "keys": the filters that a query meets, so
            that the product is a cosine; "values": the filters that come out.
        attention_residual: whether what an attention gives is added to what asked. Reading: no, as printed.
        transformer_ratio: as `mlam_ratio`, for the attention of eq. 7.
        transformer_heads: of the attention of eq. 7. MLAM has one.
        similarity_ratio: channels of F_VL W_V and F_LV W_L over the map's (eq. 16).
        similarity_kernel: of the convolution from the L similarities to C channels. Reading: 3 x 3.
        global_text: what is expanded over the map (eq. 18): the mean of the words F_LV, or the sentence F_T,
            which section 3.1 and the baseline of section 4.4 name.
        block_norm: whether each part of the block (eq. 19) passes a layer norm, as ReMamber's cube does.
        channel_grid: side of the grid on which the channel scan runs; its positions are the features.
        channel_ratio: channels of the channel scan over those features.
        spatial_ratio: channels of the spatial scan over the 3C of the block. Reading: 1, from Table 4.
        spatial_input: what the spatial scan reads (eq. 21): block + F_channel, or F_channel alone, as the
            text says.
        kernel: how words become a map of kernels (eq. 23). "words": one kernel per word, side by side in
            reading order, and stretched to H x W (all rows are equal); "grid": a 1 x 1 convolution from the
            words to a grid.
        kernel_grid: side of that grid.
        mask_width: channels of the aggregated mask (eqs. 25, 26).
        image_size: side of the square input in pixels.
    """

    drop_path: float = 0.1
    attention: Attention = "mlam"
    cfsm: bool = True
    wfdm: bool = True
    text_width: int = 768
    max_words: int = 17
    kernels: tuple[int, ...] = (1, 3, 5)
    convolution: Convolution = "separable"
    mlam_ratio: float = 0.5
    kv_norm: KeyValueNorm = "keys"
    attention_residual: bool = False
    transformer_ratio: float = 1.0
    transformer_heads: int = 8
    similarity_ratio: float = 0.5
    similarity_kernel: int = 3
    global_text: GlobalText = "words"
    block_norm: bool = True
    channel_grid: int = 16
    channel_ratio: float = 2.0
    spatial_ratio: float = 1.0
    spatial_input: SpatialInput = "sum"
    kernel: Kernel = "words"
    kernel_grid: int = 16
    mask_width: int = 512
    image_size: int = 480

    def __post_init__(self) -> None:
        """Refuse what does not exist.

        Raises:
            RebenchError: a choice of another name, or a kernel without a middle.
        """
        for name, kind in _CHOICES.items():
            if (value := getattr(self, name)) not in get_args(kind):
                raise RebenchError(f"a TFANet has no {name} {value!r}: there are {', '.join(get_args(kind))}")
        if not self.kernels or any(size % 2 == 0 for size in (*self.kernels, self.similarity_kernel)):
            raise RebenchError("kernels and similarity_kernel of a TFANet must be odd")


_CHOICES = {
    "attention": Attention,
    "convolution": Convolution,
    "kv_norm": KeyValueNorm,
    "global_text": GlobalText,
    "spatial_input": SpatialInput,
    "kernel": Kernel,
}

BASE = TFANetConfig()
TINY = TFANetConfig(
    widths=(16, 32, 64, 128),
    depths=(2, 2, 4, 2),
    ratio=1.0,
    mlp_ratio=2.0,
    drop_path=0.0,
    text_width=128,
    max_words=24,
    channel_grid=8,
    channel_ratio=1.0,
    kernel_grid=8,
    mask_width=48,
    image_size=96,
)

# The rows of Table 3, as changes of BASE.
TABLE_3: dict[str, dict[str, Any]] = {
    "(a) baseline": {"attention": "none", "cfsm": False, "wfdm": False, "global_text": "sentence"},
    "(b) (a) + CFSM": {"attention": "none", "wfdm": False, "global_text": "sentence"},
    "(c) (b) + transformer": {"attention": "transformer", "wfdm": False},
    "(d) (b) + MLAM": {"wfdm": False},
    "(e) (d) + WFDM (full)": {},
}
# The rows of Table 4 that are TFANet's, and the millions of parameters that it prints.
TABLE_4: dict[str, tuple[dict[str, Any], float]] = {
    "(a) baseline + CFSM": (TABLE_3["(b) (a) + CFSM"], 248.00),
    "(b) (a) + transformer": (TABLE_3["(c) (b) + transformer"], 258.57),
    "(c) (a) + MLAM": (TABLE_3["(d) (b) + MLAM"], 262.98),
    "(f) (c) + WFDM (full)": (TABLE_3["(e) (d) + WFDM (full)"], 268.46),
}
