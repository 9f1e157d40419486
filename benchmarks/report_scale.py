"""A report of many runs on a large split: time and memory; `--pages` opens it in Chromium too.

    python benchmarks/report_scale.py --runs 10 --expressions 50000 --out /tmp/report-scale

Runs are made of noise: scores as a model could have them, without pictures and masks worth looking at.
Making them is not part of the time.
"""

import argparse
import json
import resource
import shutil
import sys
import time
from pathlib import Path

import numpy as np

from rebench.data.masks import encode
from rebench.data.split import Instance, Rle, Sample, Split
from rebench.metrics.summary import summarise
from rebench.report.gathering import Request, gather
from rebench.report.writing import write_report
from rebench.store.folder import RunFolder
from rebench.store.record import Environment, ModelRecord, RunRecord, SplitRecord, StatusCounts
from rebench.store.shards import Prediction, write_shard

SIZE = 240
PER_IMAGE = 5
WORDS = "left right dog man near the red tall standing behind it is one second car white".split()  # noqa: SIM905 - a sentence is read more easily


class Noise(Split):
    """Pictures of noise with three boxes each."""

    name = "noise:large"
    labels = "gold"

    def __init__(self, expressions: int) -> None:
        rng = np.random.default_rng(0)
        self.samples = [self._sample(n, rng) for n in range(expressions)]

    @staticmethod
    def _sample(n: int, rng: np.random.Generator) -> Sample:
        image = n // PER_IMAGE
        target = 10 * image + int(rng.integers(3))
        text = " ".join(rng.choice(WORDS, int(rng.integers(1, 12))))
        flags = bool(rng.integers(2)), bool(rng.integers(2))
        return Sample(
            f"noise/{target}/{n}", image, target, n, target, text, SIZE, SIZE, "dog", flags[0], flags[1]
        )

    def image(self, image_id: int) -> np.ndarray:
        """Noise, as hard to compress as a picture can be."""
        return np.random.default_rng(image_id).integers(0, 256, (SIZE, SIZE, 3), np.uint8)

    def target(self, sample: Sample, overlap: str = "union") -> Rle:
        """A box."""
        return _box(sample.annotation_id % 10)

    def instances(self, image_id: int) -> list[Instance]:
        """The three boxes."""
        return [Instance(10 * image_id + n, "dog", False, _box(n)) for n in range(3)]


_BOXES: dict[int, Rle] = {}


def _box(n: int) -> Rle:
    if n not in _BOXES:
        mask = np.zeros((SIZE, SIZE), bool)
        mask[40:200, 80 * n + 5 : 80 * n + 70] = True
        _BOXES[n] = encode(mask)
    return _BOXES[n]


def make_run(out: Path, split: Noise, number: int) -> Path:
    """A run with scores of noise, better with its number."""
    import pandas as pd

    rng = np.random.default_rng(number)
    samples, n = split.samples, len(split.samples)
    right = rng.random(n) < 0.45 + 0.03 * number
    target = np.full(n, 160 * 65)
    shared = np.where(right, rng.beta(8, 2, n), rng.beta(1, 12, n)) * target
    shared = shared.astype(np.int64)
    predicted = np.maximum(rng.integers(120 * 65, 200 * 65, n), shared)
    union = target + predicted - shared
    iou = shared / union
    outcome = np.where(iou >= 0.5, "correct", np.where(right, "poorly_drawn", "wrong_instance"))
    identity = np.isin(outcome, ("correct", "poorly_drawn")).astype(float)
    annotation = np.array([sample.annotation_id for sample in samples])
    scores = pd.DataFrame(
        {
            "sample_id": [sample.sample_id for sample in samples],
            "image_id": [sample.image_id for sample in samples],
            "ref_id": [sample.ref_id for sample in samples],
            "intersection": shared,
            "union": union,
            "predicted_area": predicted,
            "target_area": target,
            "iou": iou,
            "object_distracting": [bool(sample.object_distracting) for sample in samples],
            "category_implicit": [bool(sample.category_implicit) for sample in samples],
            "outcome": outcome,
            "annotation_id": annotation,
            "assigned": np.where(identity > 0, annotation, -1),
            "candidates": np.full(n, 3),
            "assignment": iou,
            "lead": iou,
            "identity": identity,
            "on_crowd": np.zeros(n, bool),
            "boundary_iou": iou**2,
            "picture_area": np.full(n, SIZE * SIZE),
            "label": ["gold"] * n,
            "truncated": pd.array([None] * n, dtype="boolean"),
        }
    )
    path = out / f"run-{number}"
    (path / "predictions.parquet").mkdir(parents=True)
    record = RunRecord(
        status="complete",
        model=ModelRecord(name=f"model-{number}", parameters=1_000_000 * (number + 1)),
        split=SplitRecord.of(split),
        protocol="original",
        environment=Environment(rebench="0", python="3", platform="none"),
        started="2026-01-01T00:00:00+00:00",
        finished="2026-01-01T01:00:00+00:00",
        counts=StatusCounts(ok=n),
    )
    folder = RunFolder.__new__(RunFolder)
    folder.path = path
    folder.write_record(record)
    rows = [Prediction.answered(s, _box(int(rng.integers(3))), 0.01) for s in samples]
    for shard, start in enumerate(range(0, n, 5000)):
        write_shard(path / "predictions.parquet", shard, rows[start : start + 5000])
    folder.write_scores(scores)
    folder.write_summary(summarise(scores, split, resamples=200))
    return path


def paint(page: Path) -> dict[str, float]:
    """Milliseconds from opening the page in Chromium to what can be seen, and to what can be used."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"):
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get(page.as_uri())
        script = """
            const painted = performance.getEntriesByName("first-contentful-paint")[0];
            const [navigation] = performance.getEntriesByType("navigation");
            return [painted ? painted.startTime : -1, navigation.domComplete];
        """
        first, complete = browser.execute_script(script)
        return {"first_paint_ms": first, "complete_ms": complete}
    finally:
        browser.quit()


def main() -> None:
    """Makes the runs where they are not there, then the report; prints one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--expressions", type=int, default=50_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--formats", default="html")
    parser.add_argument("--pages", action="store_true", help="open the page in Chromium")
    parser.add_argument("--only-runs", action="store_true", help="make the runs and stop")
    given = parser.parse_args()
    split = Noise(given.expressions)
    folders = []
    for number in range(given.runs):
        path = given.out / f"run-{number}"
        folders.append(path if (path / "summary.json").is_file() else make_run(given.out, split, number))
        sys.stderr.write(f"{path}\n")
    if given.only_runs:
        return
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = gather(folders, Request(split=split), lambda text: sys.stderr.write(f"{text}\n"))
    gathered = time.perf_counter() - start
    files = write_report(found, given.out / "report", given.formats.split(","))
    told = {
        "runs": given.runs,
        "expressions": given.expressions,
        "gather_s": round(gathered, 1),
        "report_s": round(time.perf_counter() - start, 1),
        "peak_mb_before": before // 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "page_mb": round(files[0].stat().st_size / 1e6, 2),
    }
    told |= paint(files[0].resolve()) if given.pages else {}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
