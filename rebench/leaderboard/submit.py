"""Adding an entry to a board: looked at first, then written under a lock, whole or not at all."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebench.errors import RebenchError
from rebench.leaderboard.board_file import BoardFile, read_board
from rebench.leaderboard.chain import canonical, head_of, sealed
from rebench.leaderboard.entry import Details, Draft, draft_of_ledger, draft_of_run, same_facts
from rebench.leaderboard.evidence import read_masks
from rebench.leaderboard.findings import Finding, Rejected
from rebench.leaderboard.predictions_file import check_file, locate
from rebench.leaderboard.printed import PREFIX
from rebench.leaderboard.rules import rules_of
from rebench.leaderboard.schema import Board, BoardDocument, Entry, Estimate
from rebench.leaderboard.standing import estimate_of, live, rank_range, standings
from rebench.leaderboard.verify import checked
from rebench.store.atomic import remove_leftovers, write_atomically
from rebench.store.lock import Busy, RunLock
from rebench.store.writer import now

if TYPE_CHECKING:
    from rebench.data.split import Split
    from rebench.stats import Comparison

PATIENCE = 60.0
"""Seconds that a submission waits for others to finish theirs."""


@dataclass(frozen=True)
class Proposal:
    """What a submission would do, to be looked at before it is done.

    Attributes:
        board: the board as it is.
        draft: the new entry.
        there: the number of the entry that says the same already; then nothing is to be done.
        best: the entry that is best now in the primary metric, the new one's predecessor aside; None without.
        test: the paired test of the new entry against it, where the predictions of both are at hand.
        ranks: the ranks that the new entry's interval allows, among the entries that would stand then.
        entries: how many these are.
    """

    board: BoardFile
    draft: Draft
    there: int | None
    best: Entry | None
    test: "Comparison | None"
    ranks: tuple[int | None, int | None]
    entries: int

    @property
    def changes(self) -> list[str]:
        """What the entry says, scores aside: "+ model.name: SaFiRe".

        Of a correction, what it says differently from the entry it supersedes.
        """
        wanted = (e for e in self.board.raw["entries"] if e["number"] == self.draft.facts.supersedes)
        old, new = _said(next(wanted, {})), _said(self.draft.raw)
        lines = []
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                pairs = (("-", old.get(name)), ("+", new.get(name)))
                lines += [f"{sign} {name}: {value}" for sign, value in pairs if value is not None]
        return lines

    @property
    def metrics(self) -> list[tuple[str, Estimate, Estimate | None]]:
        """Every metric of the new entry over all expressions, beside that of the best one."""
        found = self.draft.facts.scores.overall.metrics
        return [
            (name, estimate, estimate_of(self.best, name) if self.best else None)
            for name, estimate in found.items()
        ]


def propose(
    run: str | Path,
    leaderboard: str | Path,
    details: Details | None = None,
    *,
    data_root: str | Path | None = None,
    split: "Split | None" = None,
) -> Proposal:
    """Makes an entry of a run, or of "ledger:ID,ID", without writing anything.

    Raises:
        RebenchError: the run, or what is said of it, is not what the board takes; or the board itself is not
            in order.
    """
    from rebench.data.catalogue import load_split

    board = read_board(leaderboard)
    document = _sound(board)
    described, details = document.board, details or Details()
    if str(run).startswith(PREFIX):
        ids = [name for name in str(run).removeprefix(PREFIX).split(",") if name]
        draft = draft_of_ledger(ids, described, details)
    else:
        split = split or load_split(described.split, data_root)
        described = _settled(described, split)
        draft = draft_of_run(run, described, split, details, data_root)
    there = _there(board, draft)
    if there is None:
        _check(draft, document, described)
    rest = [e for e in live(document.entries) if e.number not in (draft.facts.supersedes, there)]
    best = next((row.entry for row in standings(rest, described.primary) if row.value), None)
    own = estimate_of(draft.facts, described.primary)
    others = [value for entry in rest if (value := estimate_of(entry, described.primary))]
    ranks = rank_range(own, [*others, own]) if own else (None, None)
    test = _test(board, draft, best, described, split) if best and split else None
    return Proposal(board, draft, there, best, test, ranks, len(rest) + 1)


def commit(proposal: Proposal, *, keep_predictions: bool = True, patience: float = PATIENCE) -> int:
    """Writes the proposed entry; its number is returned.

    The board is read again under the lock of its folder, so that what others have added meanwhile stays.
    The predictions come first, then the board in one step: whatever stops this, it is the old or the new one.

    Args:
        proposal: the entry.
        keep_predictions: put the predictions beside the board; without them the entry is only self-reported.
        patience: seconds to wait for others who are writing.

    Raises:
        RebenchError: the board does not take the entry any more, others keep writing, or the disk refuses.
    """
    path, draft = proposal.board.path, proposal.draft
    with _lock(path.parent, patience):
        remove_leftovers(path.parent)
        board = read_board(path)
        document = _sound(board)
        if (there := _there(board, draft)) is not None:
            _keep(board, draft, keep_predictions)
            return there
        if canonical(_started(board)) != canonical(_started(proposal.board)):
            raise RebenchError(f"{path} is another board by now: look at it, then submit again")
        _check(draft, document, document.board.model_copy(update=_manifest(document.board, draft)))
        _keep(board, draft, keep_predictions)
        entries = board.raw["entries"]
        date = max([now(), *(entry["date"] for entry in entries[-1:])])
        entry = sealed(draft.raw, len(entries) + 1, date, head_of(board.raw["board"], entries))
        board.extended(entry, draft.raw["manifest_sha256"]).write()
        return len(entries) + 1


def submit(
    run: str | Path,
    leaderboard: str | Path,
    details: Details | None = None,
    *,
    confirm: Callable[[Proposal], bool] = lambda proposal: True,
    keep_predictions: bool = True,
    data_root: str | Path | None = None,
    split: "Split | None" = None,
) -> int | None:
    """Proposes, asks `confirm`, and commits: the number of the entry, None where the answer was no.

    The same run submitted again is the same entry: nothing is written then.
    """
    proposal = propose(run, leaderboard, details, data_root=data_root, split=split)
    if proposal.there is None and not confirm(proposal):
        return None
    return commit(proposal, keep_predictions=keep_predictions)


def _said(part: Mapping[str, Any], where: str = "") -> dict[str, str]:
    """The fields of an entry that its submitter answers for, by their path, where they say something."""
    aside = ("scores", "coverage", "number", "date", "previous", "sha256")
    said = dict[str, str]()
    for name, value in part.items():
        if not where and name in aside:
            continue
        if isinstance(value, Mapping):
            said |= _said(value, f"{where}{name}.")
        elif value not in (None, [], ()):
            said[where + name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return said


def _sound(board: BoardFile) -> BoardDocument:
    """Raises Rejected for a board that nothing may be added to before it is put in order."""
    document, findings = checked(board)
    if document is None or findings:
        raise Rejected(
            *findings, where=f"{board.path} is not in order, `rebench leaderboard verify` says all"
        )
    return document


def _settled(board: Board, split: "Split") -> Board:
    """The board with the manifest of the split, if none is settled. Raises RebenchError for other data."""
    whole = (split.counts.images, len(split.samples)) == (board.images, board.expressions)
    if not whole or split.manifest.sha256 != (board.manifest_sha256 or split.manifest.sha256):
        settled = (board.manifest_sha256 or "open")[:12]
        raise RebenchError(
            f"the {split.name} here ({split.coverage}, manifest {split.manifest.sha256[:12]}) is not that of"
            f" the board ({board.expressions:,} expressions, manifest {settled})"
        )
    return board.model_copy(update={"manifest_sha256": split.manifest.sha256})


def _manifest(board: Board, draft: Draft) -> dict[str, Any]:
    if board.manifest_sha256 is not None or draft.raw["manifest_sha256"] is None:
        return {}
    return {"manifest_sha256": draft.raw["manifest_sha256"]}


def _there(board: BoardFile, draft: Draft) -> int | None:
    """The entry that says the same already."""
    entries = board.raw["entries"]
    return next((e["number"] for e in entries if same_facts(e, draft.raw)), None)


def _check(draft: Draft, document: BoardDocument, board: Board) -> None:
    """Raises Rejected for an entry that verification would complain of."""
    number = len(document.entries) + 1
    found = [Finding(reason, text, number) for reason, text in rules_of(draft.facts, document.entries, board)]
    if found:
        raise Rejected(*found, where="not submitted")


def _started(board: BoardFile) -> dict[str, Any]:
    return {key: value for key, value in board.raw["board"].items() if key != "manifest_sha256"}


def _keep(board: BoardFile, draft: Draft, wanted: bool) -> None:
    """Puts the predictions where the entry says they are, unless they are there.

    The same text packed by another zlib has other bytes: a file that is right is not written again.
    """
    if draft.packed is None or draft.facts.predictions is None or not wanted:
        return
    file = draft.facts.predictions.file
    if there := locate(board.folder, file):
        with contextlib.suppress(Rejected):
            check_file(there, draft.facts.predictions)
            return
    place = board.folder / file
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(place.parent)
    except OSError as error:
        raise RebenchError(f"could not write {place.parent}: {error.strerror}") from error
    write_atomically(place, draft.packed.data)


def _test(
    board: BoardFile, draft: Draft, best: Entry, described: Board, split: "Split"
) -> "Comparison | None":
    """New minus best on the expressions that both have, in the primary metric."""
    from rebench.leaderboard.measure import measure
    from rebench.stats import compare

    if best.predictions is None or draft.rows is None:
        return None
    path = locate(board.folder, best.predictions.file)
    if path is None:
        return None
    check_file(path, best.predictions)
    theirs = measure(read_masks(path, split), split, described).rows.set_index("sample_id")
    mine = draft.rows.set_index("sample_id")
    shared = mine.index[mine.index.isin(theirs.index)]
    a, b = (frame.loc[shared].reset_index() for frame in (mine, theirs))
    return compare(a, b, a["image_id"].to_numpy(), described.primary)


def _lock(folder: Path, patience: float) -> RunLock:
    """The lock of the board's folder, waited for. Raises RebenchError where it is never free, or not ours."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return RunLock(folder)
        except Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
