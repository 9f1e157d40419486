"""What is at hand to prove entries with: their predictions, the data, the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rebench.errors import RebenchError
from rebench.leaderboard.board_file import BoardFile
from rebench.leaderboard.findings import Finding, Rejected
from rebench.leaderboard.schema import INTERVAL_DIGITS, BoardDocument, Entry

if TYPE_CHECKING:
    from rebench.data.split import Rle, Split
    from rebench.published.ledger import Ledger

State = Literal["re-scored", "self-reported", "printed", "unchecked"]
"""`re-scored`: its predictions give its scores; `self-reported`: they are not at hand; `printed`: equal to
the ledger; `unchecked`: they could not be looked at here, or something about them is off."""

_NAMED = 3
"""Differences of an entry that are listed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How far an entry is proven; `text` says why no further."""

    number: int
    name: str
    state: State
    text: str = ""


@dataclass
class Evidence:
    """Predictions, data and ledger that are at hand here.

    Attributes:
        board: the file.
        document: the same as types.
        data_root: where the split's files are.
        given: the split, where it is already loaded.
        notes: what could not be checked.
        split: the split, once it is loaded and found to be the board's.
    """

    board: BoardFile
    document: BoardDocument
    data_root: str | Path | None
    given: "Split | None"
    notes: list[str] = field(default_factory=list)
    split: "Split | None" = None

    def on_the_board(self) -> list[Finding]:
        """Loads the split, if it is needed and here, and compares it with the board's."""
        from rebench.data.catalogue import load_split
        from rebench.leaderboard.measure import check_protocol

        board = self.document.board
        try:
            check_protocol(board.protocol)
        except RebenchError as error:
            return [Finding("schema", str(error))]
        if board.manifest_sha256 is None:
            return []
        try:
            split = self.given or load_split(board.split, self.data_root)
        except RebenchError as error:
            self.notes.append(f"{board.split} is not here, so no predictions are scored: {error}")
            return []
        sizes = (split.counts.images, len(split.samples))
        if split.manifest.sha256 == board.manifest_sha256 and sizes == (board.images, board.expressions):
            self.split = split
            return []
        if not split.whole:
            self.notes.append(
                f"only {split.coverage} of {board.split} are here, so no predictions are scored"
            )
            return []
        text = f"its manifest {board.manifest_sha256[:12]} or size is not that of {board.split} here"
        return [Finding("manifest", f"{text} ({split.manifest.sha256[:12]}, {split.coverage})")]

    def of(self, entry: Entry) -> tuple[Checked, list[Finding]]:
        """How far an entry is proven, and what is off."""
        try:
            state, text, findings = self._printed(entry) if entry.source == "paper" else self._measured(entry)
        except Rejected as error:
            state, text, findings = "unchecked", str(error), list(error.findings)
        placed = [Finding(f.reason, f.text, entry.number) for f in findings]
        if placed:
            state = "unchecked"
        return Checked(entry.number, entry.model.full_name, state, text), placed

    @cached_property
    def ledger(self) -> "Ledger":
        """The ledger that comes with this rebench, read once. Raises RebenchError if it is damaged."""
        from rebench.published.ledger import Ledger

        return Ledger.read()

    def _printed(self, entry: Entry) -> tuple[State, str, list[Finding]]:
        from rebench.leaderboard.printed import is_named, printed_results, printed_scores

        try:
            rows = printed_results(entry.ledger, self.document.board, self.ledger)
        except RebenchError as error:
            return "unchecked", "", [Finding("ledger", str(error))]
        findings = differences(printed_scores(rows), entry.scores.model_dump(mode="json"), "the ledger has")
        if not is_named(entry.model, rows[0]):
            findings.append(f"the ledger has them of {rows[0].model}, {rows[0].variant or 'no variant'}")
        return "printed", ", ".join(entry.ledger), [Finding("ledger", text) for text in findings]

    def _measured(self, entry: Entry) -> tuple[State, str, list[Finding]]:
        from rebench.leaderboard.predictions_file import check_file, locate

        assert entry.predictions
        path = locate(self.board.folder, entry.predictions.file)
        if path is None:
            return "self-reported", f"{entry.predictions.file} is not here", self._overlap(entry)
        check_file(path, entry.predictions)
        if self.split is None:
            return "unchecked", "the split is not here", []
        masks = read_masks(path, self.split)
        return "re-scored", "", [*self._scores(entry, masks), *self._overlap(entry)]

    def _scores(self, entry: Entry, masks: "Mapping[str, Rle]") -> list[Finding]:
        from rebench.leaderboard.measure import measure

        assert self.split is not None
        assert entry.coverage is not None
        try:
            found = measure(masks, self.split, self.document.board)
        except RebenchError as error:
            return [Finding("mask", str(error))]
        findings = []
        if found.coverage != (covered := entry.coverage.model_dump()):
            told = ", ".join(
                f"{found.coverage[key]:,} {key}, not {covered[key]:,}"
                for key in covered
                if found.coverage[key] != covered[key]
            )
            findings.append(Finding("coverage", f"its predictions have {told}"))
        given, said = found.scores, entry.scores.model_dump(mode="json")
        if given["labels"] != said["labels"] and _by_tagger(given, said):
            self.notes.append(
                f"entry {entry.number} has groups by {said['labels']}, here is {given['labels']}: only its"
                " numbers over all expressions are compared"
            )
            given, said = (without_groups(scores) for scores in (given, said))
        unlike = differences(given, said, "its predictions give")
        if len(unlike) > _NAMED:
            unlike = [*unlike[:_NAMED], f"and {len(unlike) - _NAMED} more numbers"]
        if unlike and entry.scorer and entry.scorer.numpy != np.__version__:
            unlike.append(f"it was scored with numpy {entry.scorer.numpy}, here is {np.__version__}")
        return [*findings, *([Finding("score", "; ".join(unlike))] if unlike else [])]

    def _overlap(self, entry: Entry) -> list[Finding]:
        from rebench.leaderboard.training import overlap

        assert entry.training
        if self.split is None:
            return []
        said = entry.training.overlap
        found = overlap(entry.training.splits, entry.training.other, self.split, self.data_root)
        seen, limit = found["images"], self.document.board.eligible.overlap
        told = f"training has seen {seen:,} test images{_but(found['unknown'])}"
        if limit is not None and found["share"] > limit >= said.share:
            return [Finding("eligible", f"{told}: the board takes {limit:.1%}")]
        here, there = set(found["unknown"]), set(said.unknown)
        # Who could look at more has seen as many or more.
        if (here <= there and seen < said.images) or (there <= here and seen > said.images):
            return [Finding("overlap", f"{told}, not {said.images:,}")]
        if here != there:
            more = f"{told}; it says {said.images:,}{_but(said.unknown)}"
            self.notes.append(f"entry {entry.number}: {more}")
        return []


def read_masks(path: Path, split: "Split") -> "dict[str, Rle]":
    """The masks of a predictions file whose hash is right. Raises Rejected for what does not fit."""
    from rebench.importing import OtherSplit, Unfit, checked_masks, first_of

    try:
        return checked_masks(path, split)
    except Unfit as error:
        kinds = {"unknown_sample": error.unknown, "duplicate_sample": error.twice, "mask": error.masks}
        found = [Finding(kind, f"{len(n):,} of them: {first_of(n)}") for kind, n in kinds.items() if n]
        raise Rejected(*found) from None
    except RebenchError as error:
        reason = "manifest" if isinstance(error, OtherSplit) else "predictions"
        raise Rejected(Finding(reason, str(error))) from None


def _but(unknown: Sequence[str]) -> str:
    return f" (not looked at: {', '.join(unknown)})" if unknown else ""


def without_groups(scores: Mapping[str, Any]) -> dict[str, Any]:
    """What of the scores does not depend on who labels expressions."""
    return {"overall": scores["overall"], "identity": (scores["identity"] or {}).get("overall")}


def differences(found: Any, said: Any, whence: str, at: str = "") -> list[str]:
    """Every number in which two documents of scores differ, by its place."""
    if isinstance(found, Mapping) and isinstance(said, Mapping):
        texts = []
        for key in dict.fromkeys((*found, *said)):
            place = f"{at} {key}".strip()
            if key not in found or key not in said:
                texts.append(f"{place} is {'missing' if key not in said else 'not to be there'}")
            else:
                texts += differences(found[key], said[key], whence, place)
        return texts
    if found == said or (at.endswith((" low", " high")) and _near(found, said)):
        return []
    return [f"{at}: {whence} {found!r}, it says {said!r}"]


def _near(found: Any, said: Any) -> bool:
    """Whether two ends of intervals differ by at most one in the last digit that they are rounded to.

    Another order of summing can tip the rounding. Values and counts are compared exactly.
    """
    if not isinstance(found, float | int) or not isinstance(said, float | int):
        return False
    return round(abs(found - said) * 10**INTERVAL_DIGITS) <= 1


def _by_tagger(*scores: Mapping[str, Any]) -> bool:
    """Whether the groups come from taggers, of whatever version; gold labels are in the data."""
    return all(str(one["labels"]).startswith("tagger ") for one in scores)
