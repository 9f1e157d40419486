"""Significance matrix: every run against every other."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rebench.report.cells import number, p_value, signed
from rebench.report.figures.style import VERDICTS, Style
from rebench.stats.panel import Difference

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def matrix(names: Sequence[str], leads: Mapping[tuple[str, str], Difference], style: Style) -> "Figure":
    """Rows against columns: the lead in points, adjusted p, effect size; filled where it is shown.

    Args:
        names: of the runs.
        leads: by (row, column).
        style: of the format.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    size = len(names)
    least = 0.9 + 0.5 * size  # of more runs than a column has room for, both columns are needed
    width = max(min(style.width, 1.9 + 0.95 * size), least)
    figure = Figure(figsize=(width, style.height(0.55 + 0.56 * size)), layout="constrained")
    ax = figure.subplots()
    small = style.small if width / size > 0.9 else 5.6
    for row, a in enumerate(names):
        for column, b in enumerate(names):
            if (a, b) not in leads:
                continue
            d = leads[a, b]
            colour = VERDICTS[d.verdict][0]
            strong = d.verdict in ("better", "worse")
            face = Rectangle(
                (column + 0.03, row + 0.04), 0.94, 0.92, facecolor=colour, alpha=0.28 if strong else 0.1
            )
            ax.add_patch(face)
            text = _text(d)
            weight = "bold" if strong else "normal"
            ax.text(
                column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=small, fontweight=weight
            )
    level = size <= 4 and style.width >= 5
    labels = [style.label(name, 18 if size <= 6 else 14) for name in names]
    ax.set_xlim(0, size)
    ax.set_ylim(size, 0)
    ax.set_xticks(
        [i + 0.5 for i in range(size)],
        labels,
        rotation=0 if level else 30,
        ha="center" if level else "left",
    )
    ax.set_yticks([i + 0.5 for i in range(size)], labels)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return figure


def _text(d: Difference) -> str:
    if d.estimate != d.estimate:
        return "–"
    p = p_value(d.p_adjusted).text or "–"
    effect = number(d.effect).text or "–"
    minus = "\u2212"
    return f"{signed(d.estimate)}\np {p}\nd {effect}".replace("-", minus)
