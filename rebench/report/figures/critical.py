"""Critical-difference diagram: mean ranks on a line, bars join what is not told apart."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rebench.report.figures.style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def critical_figure(ranks: Mapping[str, float], critical: float, label: str, style: Style) -> "Figure":
    """The diagram of Demsar (2006), figure 1; the best stands left.

    Args:
        ranks: mean rank of every run.
        critical: the critical difference.
        label: of the metric.
        style: of the format.
    """
    from matplotlib.figure import Figure

    ordered = sorted(ranks.items(), key=lambda item: item[1])
    cliques = _cliques([rank for _, rank in ordered], critical)
    half, size = (len(ordered) + 1) // 2, len(ordered)
    depth: float = 0.6 + 0.3 * len(cliques)
    figure = Figure(
        figsize=(style.width, style.height(1.1 + 0.22 * (half + len(cliques)))), layout="constrained"
    )
    ax = figure.subplots()
    ax.set_xlim(1 - 0.45 * (size - 1), size + 0.45 * (size - 1))
    ax.set_ylim(-depth - 0.75 * half, 2.0)
    ax.axis("off")
    ax.plot([1, size], [0, 0], color=style.ink, linewidth=1)
    for tick in range(1, size + 1):
        ax.plot([tick, tick], [0, 0.18], color=style.ink, linewidth=1)
        ax.text(tick, 0.3, str(tick), ha="center", va="bottom", fontsize=style.small)
    ax.plot([1, 1 + critical], [1.35, 1.35], color=style.ink, linewidth=1.4, marker="|", markersize=6)
    ax.text(1 + critical / 2, 1.5, f"critical difference {critical:.2f} ({label})", ha="center", va="bottom")
    for place, (name, rank) in enumerate(ordered):
        left = place < half
        y = -depth - 0.75 * (place if left else size - 1 - place)
        end = 1 - 0.04 * size if left else size + 0.04 * size
        ax.plot([rank, rank, end], [0, y, y], color=style.muted, linewidth=0.8)
        label = style.label(name, 26)
        text = f"{label}  {rank:.2f}" if left else f"{rank:.2f}  {label}"
        ax.text(end, y, f" {text} ", ha="right" if left else "left", va="center")
    for row, (first, last) in enumerate(cliques):
        y = -0.3 - 0.3 * row
        ends = [ordered[first][1] - 0.04, ordered[last][1] + 0.04]
        ax.plot(ends, [y, y], color=style.ink, linewidth=3.2, solid_capstyle="butt")
    return figure


def _cliques(ranks: list[float], critical: float) -> list[tuple[int, int]]:
    """First and last of every longest stretch of ranks that lie within the critical difference."""
    found: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = max(i for i, other in enumerate(ranks) if other - rank < critical)
        if last > first and not any(last <= end for _, end in found):
            found.append((first, last))
    return found
