"""Slices against the rest: like for like, and raw beside it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rebench.report.figures.style import VERDICTS, Style, bare, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Place = tuple[str, str]
"""A slice and one of its values."""


def slice_figure(
    places: Sequence[Place], differences: Mapping[str, Mapping[Place, Any]], style: Style
) -> "Figure":
    """One row per value, in blocks by slice; one column per run, for the first runs that there is room for.

    Args:
        places: the rows.
        differences: by the name of the run and place, the difference of `summarise_slices`.
        style: of the format.
    """
    lines, differences = _lines(places), dict(list(differences.items())[: style.beside])
    limit = _limit([one for found in differences.values() for one in found.values()])
    figure, axes = sheet(style, 0.165 * len(lines) + 0.7, 1, len(differences), sharey=True, sharex=True)
    for (run, found), ax in zip(differences.items(), axes[0], strict=True):
        ax.axvline(0, color=style.muted, linewidth=0.8)
        for row, place in enumerate(lines):
            if found.get(place, {}).get("standardised", {}).get("value") is not None:
                _row(ax, -row, found[place], style)
        ax.set_title(style.label(run, int(8 * style.width) // len(differences)))
        ax.set_xlabel("points of mIoU")
        ax.set_xlim(-limit, limit)
        bare(ax)
    first = axes[0, 0]
    texts = [style.text(value or name) for name, value in lines]
    first.set_yticks([-row for row in range(len(lines))], texts, fontsize=style.small)
    first.set_ylim(-len(lines) + 0.4, 0.6)
    for label, (_, value) in zip(first.get_yticklabels(), lines, strict=True):
        if not value:
            label.set_fontweight("bold")
    return figure


def _lines(places: Sequence[Place]) -> list[Place]:
    """Above the values of a slice a line with its name, (name, "")."""
    return list(dict.fromkeys(line for name, value in places for line in ((name, ""), (name, value))))


def _limit(differences: Sequence[Any]) -> float:
    """How far the axis reaches: all estimates and most intervals; a few wide ones are cut."""
    fair = [one["standardised"] for one in differences if one["standardised"]["value"] is not None]
    values = [100 * abs(one["value"]) for one in fair]
    ends = [100 * max(abs(one["low"]), abs(one["high"])) for one in fair if one["low"] is not None]
    return 1.08 * max([5.0, *values, float(np.quantile(ends, 0.9)) if ends else 0.0])


def _row(ax: Any, y: float, difference: Any, style: Style) -> None:
    fair, raw, p = difference["standardised"], difference["raw"]["value"], difference["p_adjusted"]
    shown = p is not None and p < 0.05
    verdict = ("better" if fair["value"] > 0 else "worse") if shown else "undecided"
    colour, marker = VERDICTS[verdict]
    if fair["low"] is not None:
        ax.plot([100 * fair["low"], 100 * fair["high"]], [y, y], color=colour, linewidth=1.4)
    if raw is not None:
        ax.plot([100 * raw], [y], "D", markerfacecolor="none", markeredgecolor=style.muted, markersize=4)
    ax.plot([100 * fair["value"]], [y], marker, color=colour, markersize=4.5)
