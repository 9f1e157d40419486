"""Figures as files: SVG for pages, PDF and PGF for LaTeX. The same figure gives the same bytes."""

import io
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rebench.report.escape import LATEX_PREAMBLE
from rebench.report.figures.style import PAGE, PAPER, TEX, WIDTH, Style, drawing, page_colours
from rebench.report.section import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def page_svg(figure: Figure) -> str:
    """The drawing as an element of a page, in the page's colours."""
    text = _saved(figure, PAGE, "svg", {"Date": None, "Creator": None}).decode()
    text = re.sub(r"^.*?(?=<svg)", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg ([^>]*?)width="([\d.]+pt)" height="[\d.]+pt"', r'<svg \1style="--own: \2"', text)
    text = re.sub(r"<[^<>]+>", lambda tag: _own_ids(tag[0], figure.name), text)
    return page_colours(text)


def _own_ids(tag: str, name: str) -> str:
    """The tag with ids of this drawing alone: a page holds many drawings. Groups need none."""
    if tag.startswith("<g "):
        tag = re.sub(r' id="[^"]*"', "", tag)
    return re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", tag)


def svg(figure: Figure) -> bytes:
    """The drawing as a file of its own, on white."""
    return _saved(figure, PAPER, "svg", {"Date": None}, facecolor="white")


def pdf(figure: Figure, width: float = WIDTH) -> bytes:
    """The drawing for `\\includegraphics`, so many inches wide."""
    return _saved(
        figure, replace(PAPER, width=width), "pdf", {"CreationDate": None, "Creator": None, "Producer": None}
    )


def pgf(figure: Figure, width: float = WIDTH) -> bytes:
    """The drawing for `\\input`, in the fonts of the document. Needs pdflatex; see `can_draw_pgf`."""
    preamble = "\n".join(line for line in LATEX_PREAMBLE.splitlines() if not line.startswith("%"))
    return _saved(
        figure,
        replace(TEX, width=width),
        "pgf",
        {},
        {"pgf.texsystem": "pdflatex", "pgf.rcfonts": False, "pgf.preamble": preamble},
    )


def can_draw_pgf() -> bool:
    """Whether there is the TeX that PGF needs to measure texts."""
    from shutil import which

    return which("pdflatex") is not None


def _saved(
    figure: Figure,
    style: Style,
    kind: str,
    metadata: dict[str, None],
    more: Any = None,
    **options: Any,
) -> bytes:
    import matplotlib

    out = io.BytesIO()
    with drawing(style, figure.name), matplotlib.rc_context(more or {}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas: Canvas = figure.draw(style)
        if metadata:
            options["metadata"] = metadata
        canvas.savefig(out, format=kind, **options)
    return out.getvalue()
