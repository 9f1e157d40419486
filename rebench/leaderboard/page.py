"""The public page of a board: one HTML file that needs nothing but itself, in the look of the reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rebench.errors import RebenchError
from rebench.leaderboard.board_file import BoardFile, read_board
from rebench.leaderboard.findings import Rejected
from rebench.leaderboard.predictions_file import locate
from rebench.leaderboard.schema import Board, BoardDocument, Entry, Estimate, Group, Metric
from rebench.leaderboard.standing import Standing, standings
from rebench.leaderboard.verify import checked
from rebench.report.escape import plain
from rebench.store.atomic import write_atomically

GROUPS = {
    "simple": "simple",
    "object_distracting": "distracting",
    "category_implicit": "implicit",
    "both": "both",
}
"""The groups that have a column, with their headings."""

SHOWN = ("oiou", "miou", "pr50")
"""The metrics that have a column; the details of an entry have all."""

SOURCES = {"measured": "measured", "author": "authors' checkpoint", "paper": "printed"}

_SHARED = "rebench.report.html"
_STYLE, _SORTER, _SORTING = "page.css", "vendor/tablesort-5.6.0.min.js", "page.js"
_LICENCE = "vendor/tablesort-LICENCE"


@dataclass(frozen=True)
class Number:
    """A number as the page shows it: text, interval, and what it is sorted by."""

    text: str = ""
    interval: str = ""
    value: float | None = None

    @property
    def sort(self) -> str:
        """With all its digits; nothing where there is none."""
        return "" if self.value is None else repr(self.value)


@dataclass(frozen=True)
class Row:
    """An entry as the page shows it.

    Attributes:
        entry: the entry.
        name: of the model, with its variant.
        ranks: "1-2"; "" where no interval allows to say.
        standing: the best rank, for sorting.
        primary: the metric that entries are ranked by.
        bar: where its interval begins, its value lies and its interval ends, in percent of the drawing.
        metrics: the other metrics, in the order of the board.
        groups: the primary metric by group.
        identity: how often the right instance is meant.
        seen: share of test images seen in training.
        training: what was declared, in words.
        evidence: "predictions", "self-reported" or "printed".
        file: the predictions file, where it is there.
    """

    entry: Entry
    name: str
    ranks: str
    standing: Number
    primary: Number
    bar: tuple[float, float, float] | None
    metrics: tuple[Number, ...]
    groups: tuple[Number, ...]
    identity: Number
    seen: Number
    training: str
    evidence: str
    file: str | None


def render(path: str | Path, out: str | Path) -> Path:
    """Writes `<out>/index.html`; its path is returned.

    Args:
        path: the board's file.
        out: a folder, made if it is not there.

    Raises:
        RebenchError: the board is not in order, or the folder cannot be written.
    """
    board = read_board(path)
    document, findings = checked(board)
    if document is None or findings:
        raise Rejected(*findings, where=f"{path} is not in order, `rebench leaderboard verify` says all")
    page = Path(out) / "index.html"
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RebenchError(f"could not write {page.parent}: {error.strerror}") from error
    write_atomically(page, render_page(board, document).encode())
    return page


def render_page(board: BoardFile, document: BoardDocument) -> str:
    """The page of a board that is in order."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    import rebench
    from rebench.stats.verdicts import metric_label

    made = Environment(
        loader=PackageLoader("rebench.leaderboard", ""), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"plain": plain, "metric": metric_label, "number": number}
    rows = rows_of(board, document)
    gone = {entry.supersedes: entry for entry in document.entries if entry.supersedes}
    return made.get_template("page.html").render(
        board=document.board,
        rows=rows,
        superseded=[(entry, entry.model.full_name, gone[entry.number]) for entry in document.entries
                    if entry.number in gone],
        head=document.head,
        others=others(document.board),
        group_names=GROUPS,
        sources=SOURCES,
        choices={
            "source": sorted({SOURCES[row.entry.source] for row in rows}),
            "training": sorted({part for row in rows for part in trained_on(row.entry)}),
            "encoder": sorted({part for row in rows for part in encoders(row.entry)}),
        },
        trained_on=trained_on,
        encoders=encoders,
        sections=sections,
        version=rebench.__version__,
        style=_file(_SHARED, _STYLE) + _file("rebench.leaderboard", "page.css"),
        scripts=[_file(_SHARED, _SORTER), _file(_SHARED, _SORTING), _file("rebench.leaderboard", "page.js")],
        licence=_file(_SHARED, _LICENCE),
    )  # fmt: skip


def rows_of(board: BoardFile, document: BoardDocument) -> list[Row]:
    """The live entries, best first."""
    primary = document.board.primary
    standing = standings(document.entries, primary)
    ends = [end for row in standing if row.value for end in (row.value.low, row.value.high, row.value.value)]
    known = [end for end in ends if end is not None]
    scale = (min(known), max(known)) if known else (0.0, 1.0)
    return [_row(board, document, row, scale) for row in standing]


def others(board: Board) -> list[Metric]:
    """The metrics beside the primary one that have a column."""
    return [name for name in board.metrics if name in SHOWN and name != board.primary]


def number(estimate: Estimate | None) -> Number:
    """In percent, with its interval."""
    if estimate is None or estimate.value is None:
        return Number()
    ends = estimate.low, estimate.high
    interval = "" if None in ends else f"[{100 * (ends[0] or 0):.1f}, {100 * (ends[1] or 0):.1f}]"
    return Number(f"{100 * estimate.value:.1f}", interval, estimate.value)


def trained_on(entry: Entry) -> tuple[str, ...]:
    """What a filter for training data may be set to."""
    if entry.training is None:
        return ("not stated",)
    return (*entry.training.splits, *entry.training.other) or ("nothing",)


def encoders(entry: Entry) -> tuple[str, ...]:
    """What a filter for encoders may be set to."""
    return tuple(filter(None, (entry.model.vision_encoder, entry.model.text_encoder)))


def sections(entry: Entry) -> Iterable[tuple[str, Group]]:
    """Overall and every group, by heading."""
    return [(GROUPS.get(name, name), group) for name, group in entry.scores.parts]


def _row(board: BoardFile, document: BoardDocument, standing: Standing, scale: tuple[float, float]) -> Row:
    entry, described = standing.entry, document.board
    found, groups = entry.scores.overall.metrics, entry.scores.groups
    identity = entry.scores.identity
    file = entry.predictions.file if entry.predictions else None
    there = file is not None and locate(board.folder, file) is not None
    best, worst = standing.best, standing.worst
    ranks = "" if best is None else str(best) if best == worst else f"{best}–{worst}"
    return Row(
        entry=entry,
        name=entry.model.full_name,
        ranks=ranks,
        standing=Number(ranks, "", None if best is None else float(best)),
        primary=number(standing.value),
        bar=_bar(standing.value, scale),
        metrics=tuple(number(found.get(name)) for name in others(described)),
        groups=tuple(
            number(groups[name].metrics.get(described.primary) if name in groups else None) for name in GROUPS
        ),
        identity=number(identity.overall.accuracy if identity else None),
        seen=_seen(entry),
        training=", ".join(trained_on(entry)),
        evidence="printed" if file is None else "predictions" if there else "self-reported",
        file=file if there else None,
    )


def _seen(entry: Entry) -> Number:
    """Share of the test images; "at least" where nobody could look at all of the training data."""
    if entry.training is None:
        return Number()
    overlap = entry.training.overlap
    more = "≥ " if overlap.unknown else ""
    return Number(f"{more}{100 * overlap.share:.1f}", "", overlap.share)


def _bar(estimate: Estimate | None, scale: tuple[float, float]) -> tuple[float, float, float] | None:
    if estimate is None or estimate.value is None:
        return None
    low, high = scale
    width = (high - low) or 1.0
    ends = (estimate.low, estimate.value, estimate.high)
    first, middle, last = (
        round(2 + 96 * ((estimate.value if end is None else end) - low) / width, 2) for end in ends
    )
    return first, middle, last


def _file(package: str, name: str) -> Any:
    """A file of ours, as it is."""
    from markupsafe import Markup

    return Markup(files(package).joinpath(name).read_text("utf-8"))
