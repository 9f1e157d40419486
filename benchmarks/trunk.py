"""How long the trunk takes: `python benchmarks/trunk.py`, with nothing else running."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from baselines.safire.predictor import load
from rebench import evaluate, load_split
from rebench.predict.mock import Mock
from rebench.rescoring import rescore
from rebench.scenes.build import make_example


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median time of some work."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print one line per stage."""
    scenes = load_split("scenes")
    help_page = [sys.executable, "-m", "rebench", "--help"]
    rows = [
        ("rebench --help", seconds(lambda: subprocess.run(help_page, check=True, capture_output=True), 5)),
        (
            "make 60 scenes with 300 expressions",
            seconds(lambda: [make_example("test", i) for i in range(60)], 3),
        ),
        ("load scenes:test from the cache", seconds(lambda: load_split("scenes"), 3)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        run = evaluate(Mock(), scenes, out=out)
        mocked = seconds(lambda: evaluate(Mock(), scenes, out=out, fresh=True), 3)
        rows.append(("mock on scenes:test, predicted, stored and scored", mocked))
        rows.append(("score its 3,000 masks again", seconds(lambda: rescore(run.path), 3)))
        model = load("tiny")
        rows.append(
            (
                "safire:tiny on scenes:test, with scoring",
                seconds(lambda: evaluate(model, scenes, out=out, fresh=True), 1),
            )
        )
    for name, value in rows:
        print(f"{name:55} {value:8.2f} s")


if __name__ == "__main__":
    main()
