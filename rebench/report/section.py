"""A section of a report: its words, tables and figures, for every format alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rebench.report.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from rebench.report.cards import Gallery
    from rebench.report.figures.style import Style


@dataclass(frozen=True)
class Figure:
    """A figure that is yet to be drawn.

    Attributes:
        name: a short one without spaces, for files.
        caption: what it shows, in sentences; also what a reader hears who does not see it.
        draw: draws it in a style.
    """

    name: str
    caption: str
    draw: "Callable[[Style], Canvas]"


@dataclass(frozen=True)
class Section:
    """A section.

    Attributes:
        name: a short one without spaces, unique in its chapter.
        title: for readers.
        text: paragraphs above the figures and tables.
        findings: sentences, one below the other.
        figures: as they follow each other.
        tables: likewise; the first is what a paper would print.
        more: tables for those who want to look closer.
    """

    name: str
    title: str
    text: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    more: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Part:
    """The sections of a chapter, or of all chapters together.

    Attributes:
        slug: a short name without spaces, unique in the report.
        title: for readers.
        sections: in the order in which they are read.
        gallery: of the chapter.
    """

    slug: str
    title: str
    sections: tuple[Section, ...]
    gallery: "Gallery | None" = None
