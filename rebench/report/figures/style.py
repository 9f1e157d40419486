"""One style for all figures, on a page that may be dark and in a paper.

Colours are Okabe and Ito's (told apart by colour-blind readers); whatever a colour says is said by a mark, a
hatch or a word too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebench.report.escape import latex, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
VERMILION, SKY, PURPLE, YELLOW, GREY = "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#8A8A8A"

VERDICTS = {"better": (GREEN, "^"), "worse": (VERMILION, "v"), "tied": (BLUE, "s"), "undecided": (GREY, "o")}
"""Colour and marker of a verdict."""

WIDTH = 7.0
"""Inches; the width of a text of one column."""


@dataclass(frozen=True)
class Style:
    """What differs between a page and a paper.

    Attributes:
        ink: of text and axes.
        muted: of what is secondary.
        line: of grids.
        text: makes a name that others wrote safe for the format.
    """

    ink: str
    muted: str
    line: str
    text: Callable[[str], str]


PAPER = Style("#000000", "#555555", "#dddddd", plain)
TEX = Style("#000000", "#555555", "#dddddd", latex)
PAGE = Style("#010101", "#010102", "#010103", plain)
"""Its colours are places that the page's own colours are put into: `page_colours`."""


def page_colours(svg: str) -> str:
    """The drawing with the colours of the page it stands in, light or dark."""
    places = {PAGE.ink: "currentColor", PAGE.muted: "var(--muted)", PAGE.line: "var(--line)"}
    for place, colour in places.items():
        svg = svg.replace(place, colour)
    return svg


@contextmanager
def drawing(style: Style, name: str) -> Iterator[None]:
    """Settings of Matplotlib within; names of things in the drawing begin alike for one `name` only."""
    import logging

    import matplotlib

    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)  # a font without every script is no news
    try:
        with matplotlib.rc_context(_settings(style, name)):
            yield
    finally:
        logger.setLevel(level)


def _settings(style: Style, name: str) -> Any:
    return {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 8.5,
        "text.parse_math": False,
        "text.color": style.ink,
        "axes.edgecolor": style.muted,
        "axes.labelcolor": style.ink,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.linewidth": 0.7,
        "grid.color": style.line,
        "grid.linewidth": 0.6,
        "xtick.color": style.muted,
        "ytick.color": style.muted,
        "xtick.labelcolor": style.ink,
        "ytick.labelcolor": style.ink,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "legend.frameon": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "hatch.linewidth": 0.6,
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "pdf.fonttype": 42,
    }


def sheet(height: float, rows: int = 1, columns: int = 1, **options: Any) -> "tuple[Figure, Any]":
    """A figure of the width of a text, and its axes, (rows, columns)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def bare(axes: "Axes") -> None:
    """Axes with a grid across and no ticks beside the names."""
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def shorten(name: str, length: int = 28) -> str:
    """A name for a label, of a long one the end; the tables have it whole."""
    return name if len(name) <= length else "…" + name[1 - length :]
