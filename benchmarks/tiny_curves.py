"""How the tiny models learned: `python benchmarks/tiny_curves.py` draws docs/images/tiny-curves.svg.

It reads the logs kept beside the packaged weights and prints the table of docs/tiny.md.
"""

import csv
from importlib.resources import files
from pathlib import Path

from baselines.train.tinies import TINIES
from rebench.report.figures.drawn import svg
from rebench.report.figures.style import BLUE, GREEN, PURPLE, VERMILION, Style, sheet
from rebench.report.section import Figure

CURVES = {"val_picked": "picked the referent", "val_miou": "mIoU"}
LINES = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"), (PURPLE, ":", "D"))
PRINTED = (250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000)

Log = list[dict[str, float]]


def main() -> None:
    """Draw the curves and print them."""
    logs = {f"{name}:tiny": _log(name) for name in TINIES}
    image = Path(__file__).parents[1] / "docs" / "images" / "tiny-curves.svg"
    image.write_bytes(svg(Figure("tiny-curves", "the tiny models' curves", lambda style: _draw(logs, style))))
    print("| step | " + " | ".join(logs) + " |\n|---|" + "---|" * len(logs))
    for step in PRINTED:
        rows = [next(row for row in log if row["step"] == step) for log in logs.values()]
        cells = [" / ".join(f"{100 * row[curve]:.1f}" for curve in CURVES) for row in rows]
        print(f"| {step:,} | " + " | ".join(cells) + " |")


def _log(model: str) -> Log:
    text = (files(f"baselines.{model}") / "weights" / "tiny-scenes.csv").read_text(encoding="utf-8")
    return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(text.splitlines())]


def _draw(logs: dict[str, Log], style: Style):  # type: ignore[no-untyped-def]
    figure, axes = sheet(style, 2.6, 1, 2, sharex=True)
    for ax, (curve, title) in zip(axes[0], CURVES.items(), strict=True):
        for (name, log), (colour, line, marker) in zip(logs.items(), LINES, strict=True):
            steps, values = [row["step"] for row in log], [100 * row[curve] for row in log]
            ax.plot(steps, values, line, color=colour, marker=marker, markevery=4, markersize=4, label=name)
        ax.set_title(style.text(f"{title} on scenes:val, percent"))
        ax.set_xlabel(style.text("step of the sentences' stage"))
        ax.grid(axis="y")
    axes[0, 1].legend(loc="lower right")
    return figure


if __name__ == "__main__":
    main()
