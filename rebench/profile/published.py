"""What papers say that their models cost: the ledger's figures, and what it leaves unsaid about them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rebench.published.ledger import LEDGER, Ledger


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a paper prints of its own model.

    Attributes:
        quantity, unit: as in the ledger: "GFLOPs" in "G", "test time" in "ms".
        printed: as it stands there.
        table: where.
        unstated: what one would have to know to measure the same.
    """

    paper: str
    table: str
    quantity: str
    unit: str
    value: float
    printed: str
    unstated: tuple[str, ...] = ()


def figures(model: str, variant: str | None = None, ledger: Path = LEDGER) -> tuple[Figure, ...]:
    """The papers' own figures of a model, each once; none where there is no ledger.

    Args:
        variant: as the ledger calls it ("baseline + CFSM"); without it, the headline configuration.
        ledger: its folder.

    Raises:
        RebenchError: the ledger is damaged.
    """
    if not ledger.is_dir():
        return ()
    read = _read(ledger)
    unstated = {(row.paper, row.quantity): tuple(row.unstated) for row in read.unstated}
    found: dict[tuple[str, str, str], Figure] = {}
    for row in read.efficiency:
        if row.model == model and row.variant == variant and row.is_own_result:
            left_open = unstated.get((row.paper, row.quantity), ())
            figure = Figure(row.paper, row.table, row.quantity, row.unit, row.value, row.printed, left_open)
            found.setdefault((figure.paper, figure.quantity, figure.printed), figure)
    return tuple(found.values())


_read = cache(Ledger.read)
