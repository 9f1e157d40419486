"""A protocol says how a model's output becomes a mask and how masks are compared.

Every choice that moves a number is a named field, so that two scores can be told apart by their protocols.
The presets are records of what the official code does; one evaluator reads them (`masking`, `targets`,
`overlap`). Where that code has faults that count expressions twice or merge them, docs/protocols.md says so
and the preset does not repeat them.
"""

from dataclasses import dataclass, fields
from typing import Any, Literal

from rebench.data.split import OverlapRule
from rebench.errors import RebenchError

HITS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""The X of Pr@X that are reported, pr50 to pr90; null where a protocol does not compute one."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The choices behind a score.

    Attributes:
        view: what the logits cover: the picture stretched to a square, or fitted into one and centred. It
            only matters where a warp leads back to the picture.
        input_size: side of the network's square input in pixels, to which logits are resized first; None
            where they go straight to the picture.
        grid: where masks are compared: "original" is the picture's own size, "input" the network's input.
        channels: how two channels (background, foreground) are read: their "difference" is the logit, or
            "both" take all steps. One channel counts as a foreground over a background of zeros.
        dtype: the floating point that logits and probabilities are computed in.
        activation: when the sigmoid is applied: "before" or "after" the resizes, or "none", where masks are
            decided on logits.
        interpolation: how logits (or probabilities) reach `input_size`, or the picture where that is None.
        align_corners: whether the outermost samples sit on the picture's edge (true) or half a pixel inside.
        to_picture: how they go on from the input to the picture, where `grid` is "original".
        decision: a pixel is foreground where its value passes the "threshold", or where the foreground's
            value is the larger one, "argmax" (a tie is background).
        threshold: the probability from which on a pixel belongs to the referent, where that decides.
        strict: a pixel exactly at the threshold is background.
        target: the annotation's mask at the size of the picture ("mask"), that mask reduced to the grid as
            Pillow's nearest does ("nearest"), or its polygons scaled to the grid and then drawn ("polygons").
        overlap: how the polygons of one object become a mask: "union", or "released", where what several
            polygons cover is background.
        empty_target: whether an expression whose target has no pixel counts in a run as "failed" or "scored".
        epsilon: added to the union of a sample before dividing.
        both_empty: the IoU where union and epsilon are zero.
        hits: the X of Pr@X.
        hit: whether a sample is a hit where IoU >= X or where IoU > X.
        hit_dtype: the floating point that X is rounded to; IoU is float64.
        oiou: "sums" is ΣI / ΣU, "means" is mean I / (mean U + epsilon), None is not computed.
        sentences: which expressions of a referent count.
        source: the code the choices were read from.
    """

    name: str
    view: Literal["stretched", "letterboxed"] = "stretched"
    input_size: int | None = None
    grid: Literal["original", "input"] = "original"
    channels: Literal["difference", "both"] = "difference"
    dtype: Literal["float64", "float32"] = "float64"
    activation: Literal["none", "before", "after"] = "none"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    align_corners: bool = False
    to_picture: Literal["nearest", "cubic warp"] | None = None
    decision: Literal["threshold", "argmax"] = "threshold"
    threshold: float | None = 0.5
    strict: bool = True
    target: Literal["mask", "nearest", "polygons"] = "mask"
    overlap: OverlapRule = "union"
    empty_target: Literal["failed", "scored"] = "failed"
    epsilon: float = 0.0
    both_empty: float = 1.0
    hits: tuple[float, ...] = HITS
    hit: Literal[">=", ">"] = ">="
    hit_dtype: Literal["float64", "float32"] = "float64"
    oiou: Literal["sums", "means"] | None = "sums"
    sentences: Literal["all"] = "all"
    source: str = "rebench"

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the masks that are compared, for a picture of this size."""
        if self.grid == "original" or self.input_size is None:
            return height, width
        return self.input_size, self.input_size

    def mask_differences(self, other: "Protocol") -> list[str]:
        """The steps from logits to a mask in which `other` differs, each as "choice value"."""
        differing = [name for name in MASK_STEPS if getattr(self, name) != getattr(other, name)]
        return [f"{name} {_word(getattr(other, name))}" for name in differing]


MASK_STEPS = (
    "view", "input_size", "grid", "channels", "dtype", "activation", "interpolation", "align_corners",
    "to_picture", "decision", "threshold", "strict",
)  # fmt: skip
"""The fields that need logits: none of them can be applied to a finished mask."""

_MOVERS = (
    "grid", "interpolation", "align_corners", "activation", "to_picture", "threshold", "target", "overlap",
    "epsilon", "both_empty", "hit", "oiou",
)  # fmt: skip
"""The fields that tell the presets apart; the others follow from these or move next to nothing."""

_PROTOCOLS = {
    p.name: p
    for p in (
        Protocol("original"),
        Protocol(
            "lavt",
            input_size=480,
            grid="input",
            channels="both",
            dtype="float32",
            align_corners=True,
            decision="argmax",
            threshold=None,
            target="nearest",
            overlap="released",
            empty_target="scored",
            both_empty=0.0,
            source="LAVT-RIS 1da0af9, test.py",
        ),
        Protocol(
            "remamber",
            input_size=480,
            dtype="float32",
            activation="after",
            align_corners=True,
            to_picture="nearest",
            overlap="released",
            empty_target="scored",
            epsilon=1e-6,
            both_empty=0.0,
            hits=(),
            oiou="means",
            source="ReMamber 9edcf01, evaluate",
        ),
        Protocol(
            "cris",
            view="letterboxed",
            input_size=416,
            dtype="float32",
            activation="before",
            interpolation="bicubic",
            align_corners=True,
            to_picture="cubic warp",
            threshold=0.35,
            empty_target="scored",
            epsilon=1e-6,
            both_empty=0.0,
            hit=">",
            hit_dtype="float32",
            oiou=None,
            source="CRIS.pytorch e596332, inference under OpenCV 4",
        ),
        Protocol(
            "rela",
            input_size=480,
            grid="input",
            channels="both",
            dtype="float32",
            activation="after",
            decision="argmax",
            threshold=None,
            target="polygons",
            empty_target="scored",
            both_empty=0.0,
            hits=(0.7, 0.8, 0.9),
            source="ReLA 3ca9551, GRES evaluator",
        ),
    )
}


def protocol_names() -> list[str]:
    """The known protocols, in order of declaration."""
    return list(_PROTOCOLS)


def get_protocol(name: "str | Protocol") -> Protocol:
    """The protocol of that name (a Protocol is returned as it is). Raises RebenchError if there is none."""
    if isinstance(name, Protocol):
        return name
    if name not in _PROTOCOLS:
        raise RebenchError(f"unknown protocol {name!r}, known: {', '.join(_PROTOCOLS)}")
    return _PROTOCOLS[name]


def choices_table() -> str:
    """The presets side by side as a Markdown table: one row per choice, and a mark where they differ."""
    presets = list(_PROTOCOLS.values())
    lines = ["| choice | " + " | ".join(p.name for p in presets) + " |", "|---" * (len(presets) + 1) + "|"]
    for field in fields(Protocol)[1:]:
        words = [_word(getattr(p, field.name)) for p in presets]
        lines.append(f"| {field.name} | " + " | ".join(words) + " |")
    return "\n".join(lines)


def departures(protocols: "list[Protocol]") -> dict[str, dict[str, str]]:
    """For each choice that moves numbers: the value of every protocol that departs from `original` there."""
    original = _PROTOCOLS["original"]
    found = {
        choice: {p.name: _word(value) for p in protocols if (value := getattr(p, choice)) != usual}
        for choice, usual in ((name, getattr(original, name)) for name in _MOVERS)
    }
    return {choice: values for choice, values in found.items() if values}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
