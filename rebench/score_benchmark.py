"""`rebench bench score`: masks to scores and scores to findings at full size, beside the plain way.

Full size is that of RefCOCO's val: 1,500 images, 3,811 referents, 10,834 expressions. Everything is drawn by
seed; ellipses stand for objects, which makes run lengths as long as those of real masks.
"""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import combinations, islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from rebench.data.split import Image, Instance, OverlapRule, Rle, Sample, Split

IMAGES, REFERENTS, EXPRESSIONS = 1500, 3811, 10834
HEIGHT, WIDTH = 480, 640
MODELS = 5
METRICS = ("oiou", "miou", "pr50", "pr60", "pr70", "pr80", "pr90", "identity")


def score(
    expressions: Annotated[int, typer.Option(min=10, help="Fewer make it quick.")] = EXPRESSIONS,
    resamples: Annotated[int, typer.Option(min=10, max=1_000_000, help="Resamples and exchanges.")] = 10_000,
    share: Annotated[
        float, typer.Option(help="How much of the statistics the plain way does; its time is scaled.")
    ] = 0.02,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Score the masks of 10,834 expressions, then compare five models in eight metrics on five groups.

    The plain way decodes every mask, counts with NumPy, and calls scipy.stats.bootstrap and a loop of
    exchanges for every cell.
    """
    from rebench.cli.console import print_json, stderr

    if not 0 < share <= 1:
        raise typer.BadParameter(f"the share lies between 0 and 1, not at {share}")
    rows = measure(expressions, resamples, share, seed)
    stderr().print(f"{expressions:,} expressions, {resamples:,} resamples, {os.cpu_count()} cores")
    for row in rows:
        plain = f"plain {row['plain']:9.2f} s  {row['plain'] / row['seconds']:7.1f} x" if row["plain"] else ""
        memory = f"{row['peak_mb']:7.0f} MB" if row["peak_mb"] is not None else ""
        stderr().print(f"{row['what']:52} {row['seconds']:7.2f} s {memory}  {plain}", soft_wrap=True)
    if json:
        print_json({"schema_version": 1, "expressions": expressions, "resamples": resamples, "rows": rows})


def measure(expressions: int, resamples: int, share: float, seed: int) -> list[dict[str, Any]]:
    """Time every stage once, after a small one of its kind; "plain" is None where there is no plain way."""
    from rebench.metrics.scoring import score_predictions
    from rebench.rescoring import rescore
    from rebench.stats import Settings, compare_runs
    from rebench.store.folder import RunFolder

    rng = np.random.default_rng(seed)
    split = Ellipses(expressions, rng)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = _stored(split, Path(folder), rng)
        score_predictions(Ellipses(10, rng), RunFolder(path).predictions().iloc[:0])
        score_predictions(split, RunFolder(path).predictions().iloc[:50])  # whatever is compiled, is now
        scored = _timed(
            "stored masks to scores", lambda: score_predictions(split, RunFolder(path).predictions())
        )
        counts, seconds = _clock(lambda: _count_plainly(split, RunFolder(path).predictions()))
        found = scored.pop("result").scores
        if not np.array_equal(found[["intersection", "union"]].to_numpy(), counts):
            raise AssertionError("the plain way counts other pixels")
        rows.append(scored | {"plain": seconds})
        whole = _timed(
            "rebench score: the same, groups, intervals, chance", lambda: rescore(path, split=split)
        )
        whole.pop("result")
        rows.append(whole)
    runs = {f"model {i}": _scores(found, rng, i) for i in range(MODELS)}
    groups, images = _groups(found), found["image_id"].to_numpy()
    settings = Settings(resamples=resamples, seed=seed)
    compare_runs(
        {n: _head(t, 50) for n, t in runs.items()}, images[:50], None, METRICS[:2], Settings(resamples=9)
    )
    stats = _timed(
        f"{MODELS} models, {1 + len(groups)} groups, {len(METRICS)} metrics, all pairs",
        lambda: compare_runs(runs, images, groups, METRICS, settings),
    )
    stats.pop("result")
    rows.append(stats | {"plain": _compare_plainly(runs, images, groups, resamples, share, seed)})
    return rows


class Ellipses(Split):
    """Pictures with ellipses, every one a referent with some expressions."""

    name = "ellipses:bench"
    labels = "gold"

    def __init__(self, expressions: int, rng: np.random.Generator) -> None:
        refs = max(1, round(expressions * REFERENTS / EXPRESSIONS))
        images = max(2, round(expressions * IMAGES / EXPRESSIONS))
        self.samples = []
        self._masks: list[Rle] = [ellipse(*_shape(rng)) for _ in range(refs)]
        for k in range(expressions):
            ref = k * refs // expressions
            image = ref * images // refs
            flags = bool(rng.random() < 0.4), bool(rng.random() < 0.4)
            self.samples.append(
                Sample(f"ellipses/{ref}/{k}", image, ref, k, ref, "it", HEIGHT, WIDTH, "ellipse", *flags)
            )
        self._of_image: dict[int, list[int]] = {}
        for sample in self.samples:
            known = self._of_image.setdefault(sample.image_id, [])
            if sample.annotation_id not in known:
                known.append(sample.annotation_id)

    def image(self, image_id: int) -> Image:
        """Black: nothing here looks at pictures."""
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        """The ellipse of a referent."""
        return self._masks[sample.annotation_id]

    def instances(self, image_id: int) -> list[Instance]:
        """All ellipses of a picture."""
        return [Instance(ref, "ellipse", False, self._masks[ref]) for ref in self._of_image[image_id]]


def _shape(rng: np.random.Generator) -> tuple[float, ...]:
    """Centre and half axes of an ellipse, in pixels."""
    return (
        rng.uniform(80, WIDTH - 80), rng.uniform(80, HEIGHT - 80), rng.uniform(20, 160), rng.uniform(20, 120)
    )  # fmt: skip


def ellipse(x: float, y: float, a: float, b: float) -> Rle:
    """Run lengths of an ellipse with a ragged outline, as outlines of real objects are."""
    from pycocotools import mask as coco

    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    ragged = 1 + 0.06 * np.sin(9 * angle + x) + 0.03 * np.sin(23 * angle + y)
    outline = np.column_stack([x + a * ragged * np.cos(angle), y + b * ragged * np.sin(angle)])
    mask = coco.frPyObjects([outline.ravel().tolist()], HEIGHT, WIDTH)[0]
    return {"size": [HEIGHT, WIDTH], "counts": mask["counts"].decode()}


def _stored(split: Ellipses, folder: Path, rng: np.random.Generator) -> Path:
    """A run whose masks are ellipses near the targets."""
    import json

    from rebench.importing import import_predictions

    file = folder / "masks.jsonl"
    with file.open("w") as out:
        for sample in split.samples:
            rle = ellipse(*_shape(rng))
            out.write(json.dumps({"sample_id": sample.sample_id, "rle": rle}) + "\n")
    return import_predictions(file, "ellipses", split, folder / "runs")


def _scores(found: Any, rng: np.random.Generator, number: int) -> dict[str, NDArray[Any]]:
    """Scores of a model that is better by half a point than the one before."""
    union = found["union"].to_numpy(float)
    iou = np.clip(rng.beta(2, 1.4, len(union)) + 0.005 * number, 0, 1)
    shared = np.round(iou * union)
    return {"intersection": shared, "union": union, "iou": shared / union, "identity": (iou > 0.4) * 1.0}


def _head(table: Mapping[str, NDArray[Any]], rows: int) -> dict[str, NDArray[Any]]:
    return {name: column[:rows] for name, column in table.items()}


def _groups(found: Any) -> dict[str, NDArray[np.bool_]]:
    distracting, implicit = (found[n].to_numpy(bool) for n in ("object_distracting", "category_implicit"))
    return {
        "simple": ~distracting & ~implicit,
        "object_distracting": distracting & ~implicit,
        "category_implicit": implicit & ~distracting,
        "both": distracting & implicit,
    }


def _count_plainly(split: Ellipses, predictions: Any) -> NDArray[np.int64]:
    """Decode, and count with NumPy, one expression at a time."""
    from rebench.data.masks import decode

    stored = dict(zip(predictions["sample_id"], predictions["rle"], strict=True))
    counts = []
    for sample in split.samples:
        mask = decode({"size": [HEIGHT, WIDTH], "counts": stored[sample.sample_id]})
        target = decode(split.target(sample))
        counts.append((np.logical_and(mask, target).sum(), np.logical_or(mask, target).sum()))
    return np.array(counts, dtype=np.int64)


def _compare_plainly(
    runs: Mapping[str, Mapping[str, NDArray[Any]]],
    images: NDArray[Any],
    groups: Mapping[str, NDArray[np.bool_]],
    resamples: int,
    share: float,
    seed: int,
) -> float:
    """Seconds for all cells, from those of a share of them: an interval each, and a test for each pair."""
    masks = {"overall": np.ones(len(images), bool), **groups}
    cells = [(group, metric) for group in masks for metric in METRICS]
    rng = np.random.default_rng(seed)
    total = 0.0
    for kind, cases in (
        (_interval_plainly, [(run, cell) for run in runs for cell in cells]),
        (_test_plainly, [(pair, cell) for pair in combinations(runs, 2) for cell in cells]),
    ):
        some = max(1, round(share * len(cases)))
        step = max(1, len(cases) // some)
        seconds = 0.0
        for who, (group, metric) in islice(cases, 0, some * step, step):
            names = (who,) if isinstance(who, str) else who
            sums = [_sums(runs[name], metric, masks[group], images) for name in names]
            seconds += _clock(partial(kind, sums, resamples, rng))[1]
        total += seconds * len(cases) / some
    return total


def _sums(
    run: Mapping[str, NDArray[Any]], metric: str, mask: NDArray[np.bool_], images: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numerator and denominator per image of a metric on a group."""
    if metric == "oiou":
        above, below = run["intersection"], run["union"]
    else:
        values = run[metric] if metric == "identity" else run["iou"]
        above = values if metric in ("miou", "identity") else (values >= int(metric[2:]) / 100).astype(float)
        below = np.ones(len(above))
    above, below = (np.bincount(images, part * mask).astype(np.float64) for part in (above, below))
    return above, below


def _interval_plainly(sums: list[Any], resamples: int, rng: np.random.Generator) -> Any:
    from scipy.stats import bootstrap

    def value(above: Any, below: Any, axis: int = -1) -> Any:
        return above.sum(axis=axis) / below.sum(axis=axis)

    (terms,) = sums
    return bootstrap(
        terms, value, paired=True, vectorized=True, n_resamples=resamples, batch=200, method="percentile",
        random_state=rng,
    )  # fmt: skip


def _test_plainly(sums: list[Any], resamples: int, rng: np.random.Generator) -> float:
    (above_a, below_a), (above_b, below_b) = sums
    observed = above_a.sum() / below_a.sum() - above_b.sum() / below_b.sum()
    beyond = 0
    for _ in range(resamples):
        swap = rng.integers(0, 2, len(above_a)).astype(bool)
        a = np.where(swap, above_b, above_a).sum() / np.where(swap, below_b, below_a).sum()
        b = np.where(swap, above_a, above_b).sum() / np.where(swap, below_a, below_b).sum()
        beyond += abs(a - b) >= abs(observed) - 1e-12
    return (1 + beyond) / (1 + resamples)


def _clock(task: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = task()
    return result, time.perf_counter() - start


def _timed(what: str, task: Callable[[], Any]) -> dict[str, Any]:
    """What it took in seconds and in memory above what the process held; memory only on Linux."""
    before = None
    with suppress(OSError, ValueError):
        Path("/proc/self/clear_refs").write_text("5")  # begins a new high-water mark
        before = _resident("VmRSS")
    result, seconds = _clock(task)
    peak = None if before is None else (_resident("VmHWM") - before) / 1024
    return {"what": what, "seconds": seconds, "plain": None, "peak_mb": peak, "result": result}


def _resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))
