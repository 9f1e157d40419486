"""Forest plot: paired differences with their intervals."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rebench.report.figures.style import VERDICTS, Style, bare, sheet
from rebench.report.labels import group_label
from rebench.stats.panel import Difference
from rebench.stats.verdicts import metric_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def forest(
    pairs: Mapping[str, Sequence[Difference]], metrics: Sequence[str], margin: float, style: Style
) -> "Figure":
    """One block of rows per other run, one row per group, one panel per metric.

    Args:
        pairs: by the name of another run, the leads over it.
        metrics: beside each other, and below where there is no room.
        margin: of equivalence, a fraction; drawn as a band.
        style: of the format.
    """
    lines = [(name, "") if group is None else (name, group) for name, group in _lines(pairs)]
    columns = min(style.beside, len(metrics))
    rows = -(-len(metrics) // columns)
    figure, axes = sheet(style, (0.19 * len(lines) + 0.5) * rows + 0.4, rows, columns, sharey=True)
    places = {line: -row for row, line in enumerate(lines)}
    for empty in axes.flat[len(metrics) :]:
        empty.set_visible(False)
    for metric, ax in zip(metrics, axes.flat, strict=False):
        ax.axvspan(-100 * margin, 100 * margin, color=style.line, alpha=0.6, linewidth=0)
        ax.axvline(0, color=style.muted, linewidth=0.8)
        for name, found in pairs.items():
            for d in found:
                if d.metric == metric and d.estimate == d.estimate:
                    _interval(ax, d, places[name, d.group])
        ax.set_title(metric_label(metric))
        ax.set_xlabel("points")
        bare(ax)
    texts = [f"{group_label(group)}  " if group else f"over {style.label(name)}" for name, group in lines]
    for first in axes[:, 0]:
        first.set_yticks(list(places.values()), texts)
        first.set_ylim(-len(lines) + 0.4, 0.6)
        for label, (_, group) in zip(first.get_yticklabels(), lines, strict=True):
            if not group:
                label.set_fontweight("bold")
    _legend(figure, [d.verdict for found in pairs.values() for d in found])
    return figure


def _lines(pairs: Mapping[str, Sequence[Difference]]) -> list[tuple[str, str | None]]:
    """The name of a run, and below it its groups."""
    lines: list[tuple[str, str | None]] = []
    for name, found in pairs.items():
        lines.append((name, None))
        lines += [(name, group) for group in dict.fromkeys(d.group for d in found)]
    return lines


def _interval(ax: object, d: Difference, y: float) -> None:
    from matplotlib.axes import Axes

    assert isinstance(ax, Axes)
    colour, marker = VERDICTS[d.verdict]
    if d.low == d.low:
        ax.plot([100 * d.low, 100 * d.high], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt")
    ax.plot([100 * d.estimate], [y], marker, color=colour, markersize=4.5)


def _legend(figure: "Figure", verdicts: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.4, label=verdict)
        for verdict, (colour, marker) in VERDICTS.items()
        if verdict in verdicts
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
