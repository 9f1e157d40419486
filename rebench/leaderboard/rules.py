"""What every entry must keep to, as far as the file alone shows it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rebench.data.catalogue import ALIASES
from rebench.leaderboard.board_file import BoardFile
from rebench.leaderboard.chain import canonical
from rebench.leaderboard.findings import Finding
from rebench.leaderboard.schema import Board, BoardDocument, Entry, Facts, Model
from rebench.leaderboard.text import moment, skeleton

CLOCKS = timedelta(days=1)
"""So much may the clocks of those who submit and verify differ."""


def check_rules(document: BoardDocument) -> list[Finding]:
    """Everything that is off with entries whose types are right."""
    findings = list[Finding]()
    for place, entry in enumerate(document.entries):
        before = document.entries[:place]
        findings += [
            Finding(reason, text, entry.number) for reason, text in rules_of(entry, before, document.board)
        ]
        if moment(entry.date) > datetime.now(UTC) + CLOCKS:
            findings.append(Finding("date", f"{entry.date} lies in the future", entry.number))
        if before and moment(entry.date) < moment(before[-1].date):
            findings.append(Finding("reordered", f"its date is before that of entry {place}", entry.number))
    return findings


def rules_of(entry: Facts, before: Sequence[Entry], board: Board) -> Iterator[tuple[str, str]]:
    """Reason and text of everything that speaks against an entry after those before it."""
    yield from _eligible(entry, board)
    yield from _of_the_board(entry, board)
    yield from _declared(entry, board)
    yield from _supersedes(entry, before)
    yield from _doubles(entry, before)


def check_history(older: BoardFile, newer: BoardFile) -> list[Finding]:
    """Whether a board has only grown since an older copy of it."""
    findings = []
    was, now = older.raw["board"], newer.raw["board"]
    if _without_manifest(was) != _without_manifest(now):
        findings.append(Finding("history", "its description is another one than before"))
    if was.get("manifest_sha256") not in (None, now.get("manifest_sha256")):
        findings.append(Finding("history", "its manifest is another one than before"))
    old, new = older.raw["entries"], newer.raw["entries"]
    for place, entry in enumerate(old, 1):
        if place > len(new):
            findings.append(Finding("history", f"there were {len(old)} entries, now {len(new)}", place))
            break
        if canonical(new[place - 1]) != canonical(entry):
            findings.append(Finding("history", "it is another one than before", place))
    return findings


def _eligible(entry: Facts, board: Board) -> Iterator[tuple[str, str]]:
    limits = board.eligible
    if entry.source not in limits.sources:
        yield "eligible", f"source {entry.source}: the board takes {', '.join(limits.sources)}"
    if entry.coverage and entry.coverage.predicted < limits.coverage * board.expressions:
        told = f"{entry.coverage.predicted:,} of {board.expressions:,} expressions"
        yield "eligible", f"masks for {told}: the board wants {limits.coverage:.0%}"
    if entry.training and limits.overlap is not None and entry.training.overlap.share > limits.overlap:
        seen = f"{entry.training.overlap.share:.1%} of the test images seen in training"
        yield "eligible", f"{seen}: the board takes {limits.overlap:.1%}"


def _of_the_board(entry: Facts, board: Board) -> Iterator[tuple[str, str]]:
    """Sizes, manifest and metrics."""
    if entry.source == "paper":
        return
    if entry.manifest_sha256 != board.manifest_sha256:
        yield "manifest", "its manifest is not that of the board: it is of another split or version"
    coverage, scores = entry.coverage, entry.scores
    assert coverage is not None
    if not coverage.scored <= coverage.predicted <= coverage.expressions == board.expressions:
        yield "coverage", f"it cannot be {coverage.model_dump_json()} of {board.expressions:,} expressions"
    if scores.overall.n != coverage.scored:
        yield "coverage", f"{coverage.scored:,} expressions are scored, the metrics are of {scores.overall.n}"
    if sum(group.n or 0 for group in scores.groups.values()) != scores.overall.n:
        yield "coverage", "the groups do not add up to all expressions"
    for name, group in scores.parts:
        if set(group.metrics) != set(board.metrics):
            yield "schema", f"{name} has not the metrics of the board"


def _declared(entry: Facts, board: Board) -> Iterator[tuple[str, str]]:
    """What was declared of training, and what is said to be unknown of it."""
    if entry.training is None:
        return
    splits, other, seen = entry.training.splits, entry.training.other, entry.training.overlap
    if seen.share != seen.images / board.images:
        yield "overlap", f"{seen.images:,} of {board.images:,} images are not a share of {seen.share!r}"
    for name in (*splits, *other):
        if (known := ALIASES.get(name, name)) != name or (name in other and known == board.split):
            yield "overlap", f"training data {name!r} are the split {known}: declare them so"
    if not set(other) <= set(seen.unknown) <= {*splits, *other} - {board.split}:
        yield "overlap", "it names as unknown what it does not declare, or what anybody knows"


def _supersedes(entry: Facts, before: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    if entry.supersedes is None:
        return
    target = next((other for other in before if other.number == entry.supersedes), None)
    if target is None:
        yield "supersedes", f"there is no entry {entry.supersedes} before it"
    elif any(other.supersedes == entry.supersedes for other in before):
        yield "supersedes", f"entry {entry.supersedes} is superseded already"
    elif target.source != entry.source or target.model.name != entry.model.name:
        yield "supersedes", f"entry {entry.supersedes} is of another model or source"


def _doubles(entry: Facts, before: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Other entries that this one could be taken for."""
    gone = {other.supersedes for other in before} | {entry.supersedes}
    live = [other for other in before if other.number not in gone]
    if alike := next((other for other in before if _mistaken(entry.model, other.model)), None):
        mine, theirs = entry.model.full_name, alike.model.full_name
        yield "look_alike", f"{mine!r} looks like {theirs!r} of entry {alike.number}: write it so"
    if same := next((other for other in live if same_predictions(entry, other)), None):
        yield "duplicate", f"it has the predictions of entry {same.number}"
    if again := next((other for other in live if identity(entry) == identity(other)), None):
        yield "duplicate", f"entry {again.number} is of this model: supersede it, or name another variant"


def _mistaken(mine: Model, theirs: Model) -> bool:
    """Whether two names that differ look alike, alone or with their variants."""
    if (mine.name, mine.variant) == (theirs.name, theirs.variant):
        return False
    if mine.name != theirs.name and skeleton(mine.name) == skeleton(theirs.name):
        return True
    return skeleton(mine.name + (mine.variant or "")) == skeleton(theirs.name + (theirs.variant or ""))


def identity(entry: Facts) -> tuple[str, str | None, str]:
    """What only one live entry may be of."""
    return entry.model.name, entry.model.variant, entry.source


def same_predictions(entry: Facts, other: Facts) -> bool:
    """Whether two entries rest on one file."""
    return bool(
        entry.predictions and other.predictions and entry.predictions.sha256 == other.predictions.sha256
    )


def _without_manifest(board: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in board.items() if key != "manifest_sha256"}
