"""Stacked bars: what became of the expressions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rebench.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Style,
    bare,
    sheet,
)
from rebench.report.labels import OUTCOMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "correct": (GREEN, ""),
    "poorly_drawn": (SKY, "//"),
    "wrong_instance": (VERMILION, ""),
    "several_instances": (ORANGE, "\\\\"),
    "other": (PURPLE, ""),
    "empty": (GREY, ".."),
    "unknown": (BLUE, "xx"),
}


def outcome_bars(
    shares: Mapping[str, Mapping[str, Sequence[float]]], outcomes: Sequence[str], style: Style
) -> "Figure":
    """One block per group, one bar per run.

    Args:
        shares: by group and run, the share of every outcome, fractions.
        outcomes: what the shares are of, in order.
        style: of the format.
    """
    runs = list(next(iter(shares.values())))
    height = 0.2 * len(runs) + 0.28
    figure, axes = sheet(style, height * len(shares) + 0.9, len(shares), sharex=True)
    for (group, bars), ax in zip(shares.items(), axes[:, 0], strict=True):
        for row, run in enumerate(runs):
            left = 0.0
            for outcome, value in zip(outcomes, bars[run], strict=True):
                colour, hatch = COLOURS[outcome]
                ax.barh(
                    -row, 100 * value, 0.78, 100 * left, color=colour, hatch=hatch, edgecolor=style.ink,
                    linewidth=0.3,
                )  # fmt: skip
                left += value
        ax.set_title(group, pad=3)
        ax.set_yticks([-row for row in range(len(runs))], [style.label(run) for run in runs])
        ax.set_xlim(0, 100)
        bare(ax)
    axes[-1, 0].set_xlabel("percent of the group")
    _legend(figure, outcomes, style)
    return figure


def _legend(figure: "Figure", outcomes: Sequence[str], style: Style) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(
            facecolor=COLOURS[name][0],
            hatch=COLOURS[name][1],
            edgecolor=style.ink,
            linewidth=0.3,
            label=style.text(OUTCOMES[name]),
        )
        for name in outcomes
    ]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=3 if style.width >= 5 else 2, fontsize=style.small
    )
