"""The gallery: which expressions are worth looking at, and what there is to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.errors import RebenchError
from rebench.metrics.groups import group_cells
from rebench.report.outlines import outline, thumbnail

if TYPE_CHECKING:
    import pandas as pd

    from rebench.data.split import Sample, Split
    from rebench.evaluation import Run

KINDS = {
    "disagreement": "largest disagreements between two models",
    "worst": "worst of a model",
    "best": "best of a model",
    "random": "drawn at random",
}


@dataclass(frozen=True)
class Picture:
    """A thumbnail and the outlines to lay over it.

    Attributes:
        jpeg: the picture, at most `outlines.THUMBNAIL` pixels to a side.
        width: of it, in pixels.
        height: likewise.
        target: outline of the referent as SVG path data in these pixels.
        others: outlines of the other instances of its category.
    """

    jpeg: bytes
    width: int
    height: int
    target: str
    others: str


@dataclass(frozen=True)
class Answer:
    """What one model made of an expression; `outline` is empty where there is no picture."""

    iou: float | None
    outcome: str
    outline: str


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: a noun phrase with its role and the reason for it, or the words between."""

    text: str
    role: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Card:
    """One expression.

    Attributes:
        sample_id: of it.
        sentence: its pieces.
        category: of the referent; "" where the data are not at hand.
        group: its kind of ambiguity.
        label: where that comes from: gold, tagged or unknown.
        kinds: why it is shown, of `KINDS`.
        answers: one per model, in the order of the chapter.
        picture: None where the data are not at hand.
    """

    sample_id: str
    sentence: tuple[Piece, ...]
    category: str
    group: str
    label: str
    kinds: tuple[str, ...]
    answers: tuple[Answer, ...]
    picture: Picture | None


@dataclass(frozen=True)
class Gallery:
    """The cards of a chapter; `problem` says why there are no pictures."""

    models: tuple[str, ...]
    cards: tuple[Card, ...]
    problem: str = ""


def build_gallery(
    named: "Sequence[tuple[str, Run]]", split: "Split | None", problem: str, size: int, seed: int = 0
) -> Gallery:
    """About `size` expressions that all runs have scored: disagreements, worst, best, and random ones.

    Args:
        named: the runs with their names.
        split: their data; None where they are not at hand.
        problem: why they are not.
        size: how many expressions about; every pair of runs and every run gets one at least.
        seed: of the random ones, and of the choice between equals.
    """
    frames = [run.scores.set_index("sample_id") for _, run in named]
    shared = frames[0].index
    for frame in frames[1:]:
        shared = shared[shared.isin(frame.index)]
    frames = [frame.loc[shared] for frame in frames]
    models = tuple(name for name, _ in named)
    if not len(shared):
        return Gallery(models, (), problem)
    ious = np.column_stack([frame["iou"].to_numpy(float) for frame in frames])
    kinds = choose(ious, size, np.random.default_rng(seed))
    ids = [str(shared[place]) for place in kinds]
    masks = [_predictions(run, ids) for _, run in named]
    groups = {name: cell for name, cell in group_cells(frames[0].reset_index()).items() if name != "overall"}
    samples = {sample.sample_id: sample for sample in split.samples} if split else {}
    cards = []
    for place, sample_id in zip(kinds, ids, strict=True):
        scored = [frame.iloc[place] for frame in frames]
        answered = [mask.loc[sample_id] for mask in masks]
        picture = _picture(split, samples[sample_id]) if split else None
        answers = tuple(
            Answer(
                float(row["iou"]) if np.isfinite(row["iou"]) else None,
                str(row["outcome"]),
                _answer_outline(mask, picture),
            )
            for row, mask in zip(scored, answered, strict=True)
        )
        category = samples[sample_id].category if split else ""
        cards.append(
            Card(
                sample_id,
                sentence(str(answered[0]["expression"]), category),
                category,
                next((name for name, cell in groups.items() if cell[place]), "unknown"),
                str(scored[0].get("label", "")),
                kinds[place],
                answers,
                picture,
            )
        )
    return Gallery(models, tuple(cards), problem)


def choose(ious: NDArray[np.float64], size: int, rng: np.random.Generator) -> dict[int, tuple[str, ...]]:
    """Places of expressions and why each is shown, in the order of `KINDS`.

    Args:
        ious: (n, models); NaN where unknown.
        size: a quarter of it is the share of each kind; pairs and models take turns.
        rng: the source of chance.
    """
    quarter, n = max(1, size // len(KINDS)), len(ious)
    order = rng.permutation(n)
    shuffled = np.nan_to_num(ious[order], nan=0.5)
    models = range(ious.shape[1])
    apart = [np.abs(shuffled[:, a] - shuffled[:, b]) for a, b in combinations(models, 2)]
    wanted: dict[str, list[NDArray[np.float64]]] = {
        "disagreement": apart,
        "worst": [-shuffled[:, model] for model in models],
        "best": [shuffled[:, model] for model in models],
        "random": [-np.arange(n, dtype=np.float64)],
    }
    found: dict[int, tuple[str, ...]] = {}
    for kind, keys in wanted.items():
        for place in _in_turns(keys, quarter):
            own = int(order[place])
            found[own] = (*found.get(own, ()), kind)
    return found


def _in_turns(keys: Sequence[NDArray[np.float64]], count: int) -> list[int]:
    """The places with the highest keys, every key's own in turn, `count` in all but one per key at least."""
    if not keys:
        return []
    count = min(max(count, len(keys)), len(keys[0]))
    tops = [np.argsort(-key, kind="stable")[:count].tolist() for key in keys]
    turns = dict.fromkeys(place for row in zip(*tops, strict=True) for place in row)
    return list(turns)[:count]


def sentence(expression: str, category: str) -> tuple[Piece, ...]:
    """The expression in pieces, with what the tagger read in it."""
    from rebench.ambiguity.tagger import tag

    pieces, end = [], 0
    for phrase in tag(expression, category or None).phrases:
        if phrase.start < end:
            continue
        if phrase.start > end:
            pieces.append(Piece(expression[end : phrase.start]))
        pieces.append(Piece(expression[phrase.start : phrase.end], phrase.role, phrase.reason))
        end = phrase.end
    return (*pieces, Piece(expression[end:])) if end < len(expression) else tuple(pieces)


def _predictions(run: "Run", ids: Sequence[str]) -> "pd.DataFrame":
    """The stored masks of some expressions, by sample id."""
    from rebench.store.folder import RunFolder

    columns = ["sample_id", "expression", "height", "width", "rle"]
    rows = RunFolder(run.path).predictions(columns)
    return rows[rows["sample_id"].isin(set(ids))].set_index("sample_id")


def _picture(split: "Split", sample: "Sample") -> Picture | None:
    """The picture with target and distractors; None where it cannot be read."""
    try:
        jpeg, width, height = thumbnail(split.image(sample.image_id))
        target = outline(split.target(sample), width, height)
        others = [
            outline(one.rle, width, height)
            for one in split.instances(sample.image_id)
            if one.category == sample.category and not one.crowd and one.annotation_id != sample.annotation_id
        ]
    except RebenchError:
        return None
    return Picture(jpeg, width, height, target, "".join(others))


def _answer_outline(stored: Any, picture: Picture | None) -> str:
    rle = stored["rle"]
    if picture is None or not isinstance(rle, str):
        return ""
    size = [int(stored["height"]), int(stored["width"])]
    return outline({"size": size, "counts": rle}, picture.width, picture.height)
