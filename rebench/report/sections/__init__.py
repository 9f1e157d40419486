"""The sections of a chapter, in the order in which they are read."""

from collections.abc import Callable

from rebench.report.content import Chapter, Report
from rebench.report.section import Section
from rebench.report.sections.consistency import consistency
from rebench.report.sections.critical import critical_differences
from rebench.report.sections.differences import differences
from rebench.report.sections.efficiency import efficiency
from rebench.report.sections.headline import headline
from rebench.report.sections.identity import identity
from rebench.report.sections.protocols import protocols, same_model
from rebench.report.sections.provenance import provenance
from rebench.report.sections.ranks import ranks
from rebench.report.sections.seeds import seeds
from rebench.report.sections.sizes import sizes
from rebench.report.sections.slices import slices
from rebench.report.sections.spread import spread

SECTIONS: tuple[Callable[[Chapter], Section | None], ...] = (
    headline,
    differences,
    seeds,
    ranks,
    spread,
    identity,
    slices,
    consistency,
    sizes,
    protocols,
    efficiency,
    provenance,
)


ACROSS: tuple[Callable[[Report], Section | None], ...] = (critical_differences, same_model)


def sections_of(chapter: Chapter) -> tuple[Section, ...]:
    """Those that this chapter has something for."""
    return tuple(section for make in SECTIONS if (section := make(chapter)) is not None)


def across(report: Report) -> tuple[Section, ...]:
    """Those that several chapters together have something for."""
    return tuple(section for make in ACROSS if (section := make(report)) is not None)
