"""A report as files: one page, LaTeX, Markdown and CSV from the same sections."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rebench.errors import RebenchError
from rebench.report.content import Report
from rebench.report.figures.style import WIDTH, WIDTHS
from rebench.report.section import Figure, Part
from rebench.report.table import Table

REPORT_FORMATS = ("html", "latex", "markdown", "csv")

INLINED = 6_000_000
"""Bytes of pictures that a page holds itself; more lie in a folder beside it."""


def write_report(
    report: Report,
    out: str | Path,
    formats: Sequence[str] = REPORT_FORMATS,
    title: str = "",
    *,
    width: float = WIDTH,
    intervals: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Writes the report into a folder, each file whole or not at all.

    Args:
        report: what `gather` found.
        out: the folder; made where it is not there.
        formats: of `REPORT_FORMATS`.
        title: of the page; by default the runs and splits.
        width: of the figures for LaTeX, in inches: 3.25 fits a column of CVPR, 3.5 of IEEE, 5.5 NeurIPS.
        intervals: whether the tables for LaTeX have intervals; all other formats do.
        tell: is told what is being done.

    Returns:
        The files, the page first.

    Raises:
        RebenchError: an unknown format; a width outside `WIDTHS`; a file cannot be written.
    """
    check_formats(formats)
    check_width(width)
    parts = parts_of(report)
    folder = Path(out)
    files: dict[str, Callable[[], bytes]] = {}
    if "html" in formats:
        files |= _html(report, parts, title or title_of(report))
    if "latex" in formats:
        files |= _latex(parts, width, intervals)
    if "markdown" in formats:
        files |= _markdown(report, parts, title or title_of(report))
    if "csv" in formats:
        files |= _csv(parts)
    return [_write(folder / name, make, tell) for name, make in files.items()]


def check_formats(formats: Sequence[str]) -> None:
    """Raises RebenchError for a format that there is not, or for none at all."""
    for name in formats or [""]:
        if name not in REPORT_FORMATS:
            raise RebenchError(f"no format {name!r}: use {', '.join(REPORT_FORMATS)}")


def check_width(inches: float) -> None:
    """Raises RebenchError for figures narrower or wider than can be drawn."""
    low, high = WIDTHS
    if not low <= inches <= high:
        raise RebenchError(f"no figure can be {inches:g} inches wide: give a width of {low:g} to {high:g}")


def parts_of(report: Report) -> list[Part]:
    """Every chapter with its sections, then what is about all of them."""
    from rebench.report.sections import across, sections_of

    parts = [Part(c.slug, c.title, sections_of(c), c.gallery) for c in report.chapters]
    together = across(report)
    return [*parts, Part("all-splits", "All splits together", together)] if together else parts


def title_of(report: Report) -> str:
    """ "safire, risam on scenes:test"; of many runs their number."""
    names = list(dict.fromkeys(entry.name for chapter in report.chapters for entry in chapter.entries))
    told = ", ".join(names) if len(names) <= 4 else f"{len(names)} runs"
    return f"{told} on {', '.join(dict.fromkeys(chapter.split for chapter in report.chapters))}"


def _html(report: Report, parts: list[Part], title: str) -> dict[str, Callable[[], bytes]]:
    from rebench.report.html.page import inlined, render_page

    pictures = {
        (part.slug, card.sample_id): card.picture.jpeg
        for part in parts
        if part.gallery
        for card in part.gallery.cards
        if card.picture
    }
    if sum(map(len, pictures.values())) <= INLINED:
        return {"report.html": lambda: render_page(report, parts, title, inlined).encode()}
    names = {key: f"pictures/{key[0]}-{number:04d}.jpg" for number, key in enumerate(pictures)}
    files: dict[str, Callable[[], bytes]] = {
        name: partial(pictures.__getitem__, key) for key, name in names.items()
    }
    page = render_page(report, parts, title, lambda part, card: names[part.slug, card.sample_id])
    return {"report.html": lambda: page.encode()} | files


def _latex(parts: list[Part], width: float, intervals: bool) -> dict[str, Callable[[], bytes]]:
    from rebench.report.figures.drawn import can_draw_pgf, pdf, pgf
    from rebench.report.latex_example import example, fits_a_page
    from rebench.report.latex_table import latex_table

    every = [table if intervals else table.without_intervals() for table in _tables(parts)]
    tables = [table for table in every if fits_a_page(table)]
    figures = _figures(parts)
    files: dict[str, Callable[[], bytes]] = {
        f"latex/{table.name}.tex": partial(_text, latex_table, table) for table in tables
    }
    files |= {f"latex/{figure.name}.pdf": partial(pdf, figure, width) for figure in figures}
    if can_draw_pgf():
        files |= {f"latex/{figure.name}.pgf": partial(pgf, figure, width) for figure in figures}
    return files | {"latex/example.tex": lambda: example(tables, figures).encode()}


def _markdown(report: Report, parts: list[Part], title: str) -> dict[str, Callable[[], bytes]]:
    from rebench.report.figures.drawn import svg
    from rebench.report.markdown_page import markdown_page

    files: dict[str, Callable[[], bytes]] = {
        f"figures/{figure.name}.svg": partial(svg, figure) for figure in _figures(parts)
    }
    return files | {"report.md": lambda: markdown_page(report, parts, title).encode()}


def _csv(parts: list[Part]) -> dict[str, Callable[[], bytes]]:
    from rebench.report.csv_table import csv_table

    return {f"csv/{table.name}.csv": partial(_text, csv_table, table) for table in _tables(parts)}


def _tables(parts: list[Part]) -> list[Table]:
    return [table for part in parts for section in part.sections for table in section.tables + section.more]


def _figures(parts: list[Part]) -> list[Figure]:
    return [figure for part in parts for section in part.sections for figure in section.figures]


def _text(make: Callable[[Table], str], table: Table) -> bytes:
    return make(table).encode()


def _write(path: Path, make: Callable[[], bytes], tell: Callable[[str], None]) -> Path:
    from rebench.store.atomic import write_atomically

    tell(str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RebenchError(f"could not make {path.parent}: {error.strerror or error}") from error
    write_atomically(path, make())
    return path
