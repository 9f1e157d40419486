"""Proving a board: its chain, its rules, and its scores from the predictions that are at hand."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebench.leaderboard.board_file import BoardFile, read_board
from rebench.leaderboard.chain import check_chain
from rebench.leaderboard.evidence import Checked, Evidence
from rebench.leaderboard.findings import Finding, Rejected
from rebench.leaderboard.predictions_file import locate
from rebench.leaderboard.rules import check_history, check_rules
from rebench.leaderboard.schema import BoardDocument

if TYPE_CHECKING:
    from rebench.data.split import Split


@dataclass(frozen=True)
class Verification:
    """What came of verifying a board.

    Attributes:
        path: the file.
        findings: everything that is off; empty where nothing is.
        entries: how far each entry is proven, in order; empty where the file is no board.
        notes: what could not be checked here.
    """

    path: Path
    findings: tuple[Finding, ...]
    entries: tuple[Checked, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is off."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema_version": 1,
            "path": str(self.path),
            "ok": self.ok,
            "findings": [finding.as_dict() for finding in self.findings],
            "entries": [
                {"entry": e.number, "name": e.name, "state": e.state, "text": e.text} for e in self.entries
            ],
            "notes": list(self.notes),
        }


def verify(
    path: str | Path,
    *,
    base: str | Path | None = None,
    data_root: str | Path | None = None,
    split: "Split | None" = None,
) -> Verification:
    """Checks everything that a board says, as far as it can be checked here.

    Args:
        path: the board's file; predictions are looked for below its folder.
        base: an older copy of the file, which the board must only have grown from.
        data_root: where the split's files are.
        split: the split itself, where it is already loaded.

    Raises:
        RebenchError: there is no such file, a newer rebench wrote it, or the older copy is no board.
    """
    older = read_board(base) if base is not None else None
    try:
        board = read_board(path)
    except Rejected as error:
        return Verification(Path(path), error.findings)
    document, findings = checked(board, older)
    if document is None:
        return Verification(Path(path), tuple(findings))
    findings += _vanished(older, board, document) if older else []
    evidence = Evidence(board, document, data_root, split)
    findings += evidence.on_the_board()
    states = []
    for entry in document.entries:
        state, found = evidence.of(entry)
        findings += found
        states.append(state)
    return Verification(Path(path), tuple(findings), tuple(states), tuple(dict.fromkeys(evidence.notes)))


def _vanished(older: BoardFile, board: BoardFile, document: BoardDocument) -> list[Finding]:
    """The predictions that lie beside the older copy and no more beside the board."""
    findings = []
    for entry in document.entries[: len(older.raw["entries"])]:
        with contextlib.suppress(Rejected):  # of a path that is none is told elsewhere
            file = entry.predictions.file if entry.predictions else None
            if file and locate(older.folder, file) and not locate(board.folder, file):
                findings.append(Finding("history", f"its predictions {file} are gone", entry.number))
    return findings


def checked(board: BoardFile, older: BoardFile | None = None) -> tuple[BoardDocument | None, list[Finding]]:
    """The board as types, None if it is not of the schema; and all that is off, predictions aside."""
    raw = board.raw
    findings = check_history(older, board) if older else []
    findings += check_chain(raw["board"], raw["entries"], raw.get("head"))
    try:
        document = board.parsed()
    except Rejected as error:
        return None, [*findings, *error.findings]
    return document, [*findings, *check_rules(document)]
