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
"""Inches; the width of a text of one column, and of both columns of CVPR and IEEE."""

WIDTHS = (3.0, 12.0)
"""Inches that a figure may be wide; 3.25 is a column of CVPR, 3.5 of IEEE, 5.5 the text of NeurIPS."""

FULL, COLUMN = 8.5, 7.0
"""Points of the letters in a figure as wide as a text, and in one of a column."""


@dataclass(frozen=True)
class Style:
    """What differs between a page and a paper.

    Attributes:
        ink: of text and axes.
        muted: of what is secondary.
        line: of grids.
        text: makes a name that others wrote safe for the format.
        width: of a figure, in inches.
    """

    ink: str
    muted: str
    line: str
    text: Callable[[str], str]
    width: float = WIDTH

    @property
    def size(self) -> float:
        """Of letters, in points."""
        return FULL if self.width >= 5 else COLUMN

    @property
    def small(self) -> float:
        """Of letters where there are many, in points; never too small to read in print."""
        return max(0.88 * self.size, 6.0)

    @property
    def beside(self) -> int:
        """Axes that have room beside each other, with names on their left."""
        return max(1, int((self.width - 1.1) / 1.05))

    def height(self, inches: float) -> float:
        """What takes so many inches in letters of full size."""
        return inches * self.size / FULL

    def label(self, name: str, longest: int = 28) -> str:
        """A name beside axes; of one that is too long the end, the tables have it whole."""
        room = min(longest, int(4 * self.width))
        return self.text(name if len(name) <= room else "…" + name[1 - room :])


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
        "font.size": style.size,
        "text.parse_math": False,
        "text.color": style.ink,
        "axes.edgecolor": style.muted,
        "axes.labelcolor": style.ink,
        "axes.titlesize": style.size + 0.5,
        "xtick.labelsize": style.size,
        "ytick.labelsize": style.size,
        "legend.fontsize": style.size,
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


def sheet(
    style: Style, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> "tuple[Figure, Any]":
    """A figure of the width of the style, and its axes, (rows, columns).

    Args:
        style: of the format.
        height: in inches for letters of full size.
        rows: of axes.
        columns: of axes.
        **options: of `Figure.subplots`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height(height)), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def bare(axes: "Axes") -> None:
    """Axes with a grid across and no ticks beside the names."""
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
