"""What verification can find, each under a name of its own."""

from dataclasses import asdict, dataclass
from typing import Any

from rebench.errors import RebenchError, one_line

REASONS = {
    "file": "the file cannot be read as a board: too large, not JSON, nested too deeply, a key twice",
    "schema": "a field is missing, unknown, of another type or out of range",
    "number": "a number is NaN or infinite",
    "markup": "a text holds HTML",
    "formula": "a text begins like a spreadsheet formula",
    "hidden": "a text holds characters that are not seen, or is not in its normal form",
    "name": "a name has characters that look like others",
    "look_alike": "a name looks like that of another model",
    "link": "a link is no plain https address",
    "path": "a path leads out of the board's folder, or to no plain file",
    "board": "the board's own description was changed",
    "edited": "an entry was changed after it was made",
    "deleted": "an entry is missing",
    "reordered": "the entries stand in another order",
    "date": "a date is none, or lies in the future",
    "duplicate": "an entry stands there twice",
    "history": "what stood in the older file was changed",
    "supersedes": "an entry supersedes what it cannot",
    "eligible": "an entry is not eligible",
    "manifest": "an entry, or the data, is of another split or version of it",
    "coverage": "an entry covers another part of the split than it says",
    "overlap": "the share of test images seen in training is another one",
    "ledger": "a published number is not what the ledger has",
    "predictions": "the predictions file is another one, cannot be read, or is too large",
    "unknown_sample": "the predictions have expressions that the split does not have",
    "duplicate_sample": "the predictions have an expression twice",
    "mask": "a mask is damaged or of another size than its picture",
    "score": "the predictions give other scores",
}
"""Every reason, with what it means."""

_LONGEST = 600
"""Characters of a text; it may hold what others wrote."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is off.

    Attributes:
        reason: a key of `REASONS`.
        text: what exactly.
        entry: the number of the entry, None for the board.
    """

    reason: str
    text: str
    entry: int | None = None

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST:
            object.__setattr__(self, "text", f"{self.text[:_LONGEST]} ...")

    def __str__(self) -> str:
        """ "entry 3: edited: ..." """
        place = f"entry {self.entry}" if self.entry is not None else "board"
        return f"{place}: {self.reason}: {one_line(self.text)}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Rejected(RebenchError):
    """A board, an entry or a predictions file that is not what it has to be."""

    def __init__(self, *findings: Finding, where: str = "") -> None:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        first = findings[0]
        if not where:
            told = str(first)
        elif first.entry is None:  # `where` says whose fault it is
            told = f"{where}: {first.reason}: {one_line(first.text)}"
        else:
            told = f"{where}: {first}"
        super().__init__(told + more)
        self.findings = findings
