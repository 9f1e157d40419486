"""Histograms of IoU, one row per run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rebench.report.content import BINS, Spread
from rebench.report.figures.style import BLUE, ORANGE, Style, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def spread_figure(spreads: Mapping[str, Spread], style: Style) -> "Figure":
    """The share of expressions per bin of IoU, with the mean.

    Args:
        spreads: by the name of the run.
        style: of the format.
    """
    figure, axes = sheet(style, 0.55 * len(spreads) + 0.75, len(spreads), sharex=True, sharey=True)
    edges = np.linspace(0, 1, BINS + 1)
    for (name, spread), ax in zip(spreads.items(), axes[:, 0], strict=True):
        shares = 100 * np.array(spread.shares)
        ax.bar(edges[:-1], shares, 1 / BINS, align="edge", color=BLUE, edgecolor=style.line, linewidth=0.4)
        ax.axvline(spread.mean, color=ORANGE, linewidth=1.6)
        ax.set_ylabel(style.label(name), rotation=0, ha="right", va="center")
        ax.set_xlim(0, 1)
        ax.yaxis.set_ticks([0, float(np.ceil(max(max(s.shares) for s in spreads.values()) * 100))])
        ax.yaxis.tick_right()
        ax.tick_params(axis="y", length=0, labelsize=style.small)
    axes[-1, 0].set_xlabel(style.text("IoU; bars: percent of the expressions, line: mean"))
    return figure
