"""A picture of predictions: a few expressions of every group, each with target and prediction drawn in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw, ImageFont

from rebench.ambiguity.labels import labels_of
from rebench.data.masks import decode
from rebench.data.split import Sample, Split
from rebench.errors import RebenchError
from rebench.evaluation import Run
from rebench.metrics.groups import UNKNOWN

GROUPS = {
    (False, False): "simple",
    (True, False): "object-distracting",
    (False, True): "category-implicit",
    (True, True): "both",
}
PREDICTION = (0, 114, 178)
TARGET = (230, 159, 0)
"""Blue and orange of Okabe and Ito's palette, told apart by colour-blind readers."""
TILE = 256
MARGIN = 14
CAPTION = 58
HEADING = 30
LEGEND = 30


def draw_gallery(run: Run, split: Split, file: Path, rows: int = 3, seed: int = 0) -> None:
    """Write a PNG with `rows` random scored expressions of every group of a run.

    Args:
        seed: which expressions; the choice does not look at the scores.

    Raises:
        RebenchError: the run has no scores, or the file cannot be written.
    """
    answered = run.predictions().set_index("sample_id").dropna(subset="rle")
    scored = set(run.scores["sample_id"]) & set(answered.index)
    chosen = _choose(scored, split, rows, np.random.default_rng(seed))
    if not chosen:
        raise RebenchError(f"{run.path} has no scored expression to draw")
    ious = run.scores.set_index("sample_id")["iou"]
    width = MARGIN + len(chosen) * (TILE + MARGIN)
    height = HEADING + rows * (TILE + CAPTION) + LEGEND
    sheet = PIL.Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    for column, (group, samples) in enumerate(chosen.items()):
        x = MARGIN + column * (TILE + MARGIN)
        pen.text((x, 8), group, "black", _font(15))
        for row, sample in enumerate(samples):
            y = HEADING + row * (TILE + CAPTION)
            stored: Any = answered.loc[sample.sample_id]  # a protocol may compare on a grid of its own
            size = [int(stored["height"]), int(stored["width"])]
            predicted = decode({"size": size, "counts": str(stored["rle"])})
            sheet.paste(_tile(split, sample, predicted), (x, y))
            _caption(pen, x, y + TILE + 4, f"{sample.expression}  [IoU {100 * ious[sample.sample_id]:.0f}]")
    pen.text((MARGIN, height - 22), "prediction", PREDICTION, _font(14))
    pen.text((MARGIN + 90, height - 22), "target outline", TARGET, _font(14))
    model = ":".join(filter(None, (run.record.model.name, run.record.model.variant)))
    note = f"{model} on {run.record.split.name}, drawn at random (seed {seed})"
    pen.text((MARGIN + 210, height - 22), note, (90, 90, 90), _font(14))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(file, "PNG", optimize=True)
    except OSError as error:
        raise RebenchError(f"could not write {file}: {error.strerror or error}") from error


def _choose(scored: set[str], split: Split, rows: int, rng: np.random.Generator) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = {name: [] for name in (*GROUPS.values(), UNKNOWN)}
    shown = [sample for sample in split.samples if sample.sample_id in scored]
    for sample, flags, source in zip(shown, *labels_of(shown), strict=True):
        groups[UNKNOWN if source == UNKNOWN else GROUPS[flags]].append(sample)
    return {
        name: [samples[i] for i in rng.permutation(len(samples))[:rows]]
        for name, samples in groups.items()
        if samples
    }


def _tile(split: Split, sample: Sample, predicted: NDArray[np.bool_]) -> PIL.Image.Image:
    """The picture with the prediction tinted and the target outlined, fitted into a square."""
    scale = TILE / max(sample.height, sample.width)
    size = (max(round(sample.width * scale), 1), max(round(sample.height * scale), 1))
    picture = np.asarray(
        PIL.Image.fromarray(split.image(sample.image_id)).resize(size, PIL.Image.Resampling.LANCZOS)
    )
    picture = picture.astype(float)
    tint, target = _resize(predicted, size), _resize(decode(split.target(sample)), size)
    picture[~tint] = picture[~tint] * 0.72 + 255 * 0.28  # what is not predicted steps back
    picture[tint] = picture[tint] * 0.45 + np.array(PREDICTION) * 0.55
    picture[_outline(target)] = TARGET
    tile = PIL.Image.new("RGB", (TILE, TILE), (245, 245, 245))
    shown = PIL.Image.fromarray(picture.astype(np.uint8))
    tile.paste(shown, ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return tile


def _resize(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray(PIL.Image.fromarray(mask).resize(size, PIL.Image.Resampling.NEAREST))


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The two outermost pixels of a mask."""
    core = mask.copy()
    for _ in range(2):
        padded = np.pad(core, 1)
        core &= padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~core


def _caption(pen: ImageDraw.ImageDraw, x: int, y: int, text: str) -> None:
    """Up to three lines of text under a tile; what is longer ends in an ellipsis."""
    font = _font(13)
    lines = _wrap(pen, text.split(), font)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2] + " …"]
    for i, line in enumerate(lines):
        pen.text((x, y + 16 * i), line, "black", font)


def _wrap(pen: ImageDraw.ImageDraw, words: Sequence[str], font: ImageFont.ImageFont) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font) > TILE:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font(size: int) -> ImageFont.ImageFont:
    return ImageFont.load_default(size)  # type: ignore[return-value]
