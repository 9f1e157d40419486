"""What a report is of: runs from disk, put into chapters that can be compared, with every number unrounded.

Report: warnings, chapters
    Chapter: runs on one split under one protocol, and what tests say of them
        Entry: one run: run.json, summary.json, the spread of its IoU, its time
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rebench.store.record import RunRecord

if TYPE_CHECKING:
    from rebench.comparing import PowerRow, SeedRow
    from rebench.report.cards import Gallery
    from rebench.stats import Panel

BINS = 20
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Spread:
    """How the IoU of the expressions of a run is distributed.

    Attributes:
        shares: of the expressions in each of `BINS` equal bins of 0 to 1, the last with both ends; (BINS,).
        mean: of the IoU.
        quantiles: by their level.
        none: share of expressions without a common pixel.
    """

    shares: tuple[float, ...]
    mean: float
    quantiles: Mapping[float, float]
    none: float


@dataclass(frozen=True)
class Times:
    """Seconds per answered expression, as the run measured them on its machine.

    Attributes:
        measured: expressions with a time.
        median: of them, in seconds.
        slow: the 95th percentile, in seconds.
        total: the sum, in seconds.
    """

    measured: int
    median: float
    slow: float
    total: float


@dataclass(frozen=True)
class Entry:
    """One run.

    Attributes:
        name: as the reader knows it, unique in its chapter.
        path: of its folder.
        record: run.json.
        summary: summary.json.
        spread: of its IoU; None where the protocol knows none, or nothing is scored.
        times: None where the run measured none.
    """

    name: str
    path: str
    record: RunRecord
    summary: Mapping[str, Any]
    spread: Spread | None
    times: Times | None


@dataclass(frozen=True)
class Chapter:
    """Runs that can be compared: one split, one protocol.

    Attributes:
        slug: its short name, for files and anchors.
        title: its name for readers.
        split: the split.
        protocol: the protocol.
        entries: the runs, in the order given.
        samples: expressions that all of them have scored.
        images: the images of these.
        image_ids: of the first run.
        left_out: expressions that only some of them have.
        metrics: those that are tested.
        panel: intervals, differences, ranks; None for a single run, or where models have several seeds.
        power: what differences these images can show.
        seeds: what models with several training seeds say.
        sensitivity: what the protocol alone does, by the name of a run that kept logits: the document of
            `rebench.protocol_comparison`.
        gallery: expressions to look at; None where none was wanted.
    """

    slug: str
    title: str
    split: str
    protocol: str
    entries: tuple[Entry, ...]
    samples: int
    images: int
    image_ids: frozenset[int] = frozenset()
    left_out: int = 0
    metrics: tuple[str, ...] = ()
    panel: "Panel | None" = None
    power: "tuple[PowerRow, ...]" = ()
    seeds: "tuple[SeedRow, ...]" = ()
    sensitivity: Mapping[str, Any] = field(default_factory=dict)
    gallery: "Gallery | None" = None

    @property
    def groups(self) -> tuple[str, ...]:
        """ "overall" and the groups that have expressions, in the order of reports."""
        first = self.entries[0].summary
        return ("overall", *(name for name, cell in first["groups"].items() if cell["n"]))


@dataclass(frozen=True)
class Report:
    """All chapters, and what a reader has to know before the first number."""

    chapters: tuple[Chapter, ...]
    warnings: tuple[str, ...]
