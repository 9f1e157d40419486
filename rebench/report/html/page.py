"""The report as one page that needs nothing but itself."""

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rebench.report.cards import KINDS, Card
from rebench.report.content import Report
from rebench.report.escape import plain
from rebench.report.figures.drawn import page_svg
from rebench.report.labels import OUTCOMES, group_label
from rebench.report.section import Figure, Part
from rebench.report.table import Cell, Column, Table

if TYPE_CHECKING:
    from jinja2 import Environment

SORTER = "vendor/tablesort-5.6.0.min.js"


def render_page(
    report: Report,
    parts: list[Part],
    title: str,
    addresses: Callable[[Part, Card], str],
) -> str:
    """The page.

    Args:
        report: its warnings are shown first.
        parts: what is shown.
        title: of the page.
        addresses: where the picture of a card lies.
    """
    import rebench

    return (
        _templates(addresses)
        .get_template("page.html")
        .render(
            title=title,
            report=report,
            parts=parts,
            version=rebench.__version__,
            style=_own("page.css"),
            scripts=[_own(SORTER), _own("page.js")],
            licence=_own("vendor/tablesort-LICENCE"),
        )
    )


def inlined(part: Part, card: Card) -> str:
    """The picture itself, as an address."""
    from base64 import b64encode

    return f"data:image/jpeg;base64,{b64encode(card.picture.jpeg).decode()}" if card.picture else ""


def _templates(addresses: Callable[[Part, Card], str]) -> "Environment":
    """The templates beside this file; everything that is put into them is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("rebench.report.html", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"drawn": _drawn, "sort_key": _sort_key, "plain": plain}
    made.filters["spaced"] = _spaced
    made.globals |= {
        "letters": Table.letters,
        "sortable": _sortable,
        "picture_address": addresses,
        "group_label": group_label,
        "outcomes": OUTCOMES,
        "kinds": KINDS,
    }
    return made


def _spaced(text: str) -> str:
    """The words between two phrases; the blanks at their ends part them from these."""
    return " " * text[:1].isspace() + plain(text) + " " * (text[-1:].isspace() and bool(text.strip()))


def _own(name: str) -> Any:
    """A file of ours, as it is: style, scripts, licences."""
    from markupsafe import Markup

    return Markup(files("rebench.report.html").joinpath(name).read_text("utf-8"))


def _drawn(figure: Figure) -> Any:
    """The drawing; Matplotlib escapes the texts in it."""
    from markupsafe import Markup

    return Markup(page_svg(figure))


def _sort_key(cell: Cell, column: Column) -> str:
    """What a cell is sorted by: its number with all digits, or its text."""
    if not column.numeric:
        return plain(cell.text)
    return "" if cell.value is None else repr(float(cell.value))


def _sortable(table: Table) -> bool:
    return any(len(panel.rows) > 1 for panel in table.panels)
