"""What every entry must keep to, as far as the file alone shows it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rebench.leaderboard.board_file import BoardFile
from rebench.leaderboard.chain import canonical
from rebench.leaderboard.findings import Finding
from rebench.leaderboard.schema import Board, BoardDocument, Entry, Facts
from rebench.leaderboard.text import skeleton


def check_rules(document: BoardDocument) -> list[Finding]:
    """Everything that is off with entries whose types are right."""
    findings = list[Finding]()
    for place, entry in enumerate(document.entries):
        before = document.entries[:place]
        findings += [
            Finding(reason, text, entry.number) for reason, text in rules_of(entry, before, document.board)
        ]
        if before and entry.date < before[-1].date:
            findings.append(Finding("reordered", f"its date is before that of entry {place}", entry.number))
    return findings


def rules_of(entry: Facts, before: Sequence[Entry], board: Board) -> Iterator[tuple[str, str]]:
    """Reason and text of everything that speaks against an entry after those before it."""
    yield from _eligible(entry, board)
    yield from _of_the_board(entry, board)
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
    coverage, training, scores = entry.coverage, entry.training, entry.scores
    assert coverage is not None
    assert training is not None
    if not coverage.scored <= coverage.predicted <= coverage.expressions == board.expressions:
        yield "coverage", f"it cannot be {coverage.model_dump_json()} of {board.expressions:,} expressions"
    if scores.overall.n != coverage.scored:
        yield "coverage", f"{coverage.scored:,} expressions are scored, the metrics are of {scores.overall.n}"
    if sum(group.n or 0 for group in scores.groups.values()) != scores.overall.n:
        yield "coverage", "the groups do not add up to all expressions"
    seen = training.overlap
    if seen.share != seen.images / board.images:
        yield "overlap", f"{seen.images:,} of {board.images:,} images are not a share of {seen.share!r}"
    for name, group in scores.parts:
        if set(group.metrics) != set(board.metrics):
            yield "schema", f"{name} has not the metrics of the board"


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
    for other in before:
        mine, theirs = entry.model, other.model
        if mine.name != theirs.name and skeleton(mine.name) == skeleton(theirs.name):
            yield (
                "look_alike",
                f"{mine.name!r} looks like {theirs.name!r} of entry {other.number}: write it so",
            )
        if other.number in gone:
            continue
        if same_predictions(entry, other):
            yield "duplicate", f"it has the predictions of entry {other.number}"
        if identity(entry) == identity(other):
            yield "duplicate", f"entry {other.number} is of this model: supersede it, or name another variant"


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
