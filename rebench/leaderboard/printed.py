"""Numbers that papers print, as the scores of an entry."""

from collections.abc import Sequence
from typing import Any

from rebench.errors import RebenchError
from rebench.leaderboard.schema import METRICS, Board, Model
from rebench.leaderboard.text import skeleton
from rebench.published.ledger import Ledger
from rebench.published.measured import ledger_split
from rebench.published.schema import Result

PREFIX = "ledger:"
"""What begins the place of a run where printed numbers are submitted: "ledger:safire2025-t1-001,..."."""


def printed_results(ids: Sequence[str], board: Board, ledger: Ledger) -> list[Result]:
    """The rows of the ledger, corrected by its verdicts.

    Raises:
        RebenchError: no such row, one of another split, two of one metric, one whose metric is disputed or
            none of the board's; rows of different models.
    """
    known = {row.id: row for row in ledger.results}
    if lacking := [name for name in ids if name not in known]:
        raise RebenchError(f"no row {lacking[0]!r} in the ledger: `rebench published list` has them")
    rows = [ledger.corrected(known[name]) for name in ids]
    for row in rows:
        if (row.dataset, row.split) != ledger_split(board.split):
            raise RebenchError(f"{row.id} is of {row.dataset} {row.split}, the board is of {board.split}")
        if row.likely_metric not in METRICS or row.likely_metric not in board.metrics:
            raise RebenchError(f"{row.id} is {row.likely_metric}: the board has {', '.join(board.metrics)}")
    if len({row.likely_metric for row in rows}) < len(rows):
        raise RebenchError("two of the rows are of one metric: give one")
    if len({(row.model, row.variant, row.paper) for row in rows}) != 1:
        raise RebenchError(
            "the rows are of different models or papers: submit one model of one paper at a time"
        )
    return rows


def is_named(model: Model, row: Result) -> bool:
    """Whether an entry bears the name and variant of a row, however it writes them."""
    theirs = row.model, row.variant or ""
    return (skeleton(model.name), skeleton(model.variant or "")) == tuple(map(skeleton, theirs))


def printed_scores(rows: Sequence[Result]) -> dict[str, Any]:
    """Their values as `schema.Scores`, in fractions; papers print no intervals."""
    metrics = {row.likely_metric: {"value": row.value / 100, "low": None, "high": None} for row in rows}
    overall = {"n": None, "images": None, "metrics": metrics}
    return {"labels": None, "overall": overall, "groups": {}, "identity": None}
