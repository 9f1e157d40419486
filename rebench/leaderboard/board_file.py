"""Reading and writing a board's file; nothing that it says is believed before it is checked."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rebench.errors import RebenchError
from rebench.leaderboard.chain import board_hash
from rebench.leaderboard.findings import REASONS, Finding, Rejected
from rebench.leaderboard.schema import MAX_ENTRIES, SCHEMA_VERSION, Board, BoardDocument, Entry, Facts
from rebench.store.atomic import write_atomically

MAX_BYTES = 16 * 2**20
"""Of a board's file: more than a thousand entries."""

MAX_ENTRY = 64 * 2**10
"""Characters of an entry, or of the board's description, as JSON; it has some thousand."""

MAX_DEPTH = 16
"""Of objects and lists in one another; a board has 7."""

_NAMED = 20
"""Faults of the schema that are listed."""


@dataclass(frozen=True)
class BoardFile:
    """A board as it lies on disk.

    Attributes:
        path: the file.
        raw: the document as read; what is written back, so that entries never change.
    """

    path: Path
    raw: dict[str, Any]

    def parsed(self) -> BoardDocument:
        """The same as types. Raises Rejected with the first faults.

        The description and the entries are looked at one by one, so that a file full of faults is not a
        memory full of them.
        """
        findings = _too_long(self.raw["board"])
        for number, entry in enumerate(self.raw["entries"], 1):
            findings += _faults_of(entry, number)
            if len(findings) >= _NAMED:
                break
        if unknown := [key for key in self.raw if key not in BoardDocument.model_fields]:
            findings.append(Finding("schema", f"a board has no {unknown[0]!r}"))
        if not findings:
            try:
                return BoardDocument.model_validate_json(json.dumps(self.raw))
            except ValidationError as error:
                findings = _faults(error)
        raise Rejected(*findings, where=str(self.path))

    @property
    def folder(self) -> Path:
        """Where predictions lie."""
        return self.path.parent

    def extended(self, entry: dict[str, Any], manifest_sha256: str | None) -> "BoardFile":
        """The board with one entry more, and with its manifest settled if it was not."""
        board = self.raw["board"]
        if board["manifest_sha256"] is None:
            board = board | {"manifest_sha256": manifest_sha256}
        changed = {"board": board, "entries": [*self.raw["entries"], entry], "head": entry["sha256"]}
        return BoardFile(self.path, self.raw | changed)

    def write(self) -> None:
        """Replaces the file by this board, whole or not at all. Raises RebenchError if it cannot."""
        text = json.dumps(self.raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        if len(data := text.encode()) > MAX_BYTES:
            raise RebenchError(f"{self.path} would have more than {MAX_BYTES:,} bytes: begin another board")
        write_atomically(self.path, data)


def read_board(path: str | Path) -> BoardFile:
    """A board's file: JSON of bounded size, of a version that this one knows; its content is not yet checked.

    Raises:
        Rejected: too large, no JSON, nested too deeply, a key twice, NaN or infinity.
        RebenchError: no such file, or a newer rebench wrote it.
    """
    file = Path(path)
    document = load_json(_bytes(file), str(file))
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Rejected(Finding("file", "it has no schema_version: it is no board"), where=str(file))
    if version > SCHEMA_VERSION:
        raise RebenchError(
            f"{file} was written by a newer rebench (schema_version {str(version)[:20]}, this one reads up"
            f" to {SCHEMA_VERSION}): upgrade rebench-ris"
        )
    board, entries = document.get("board"), document.get("entries")
    if not isinstance(board, dict) or not isinstance(entries, list) or not _all_objects(entries):
        raise Rejected(Finding("schema", "it has no board and list of entries"), where=str(file))
    if len(entries) > MAX_ENTRIES:
        raise Rejected(Finding("schema", f"more than {MAX_ENTRIES:,} entries"), where=str(file))
    return BoardFile(file, document)


def new_board(path: str | Path, board: Board) -> BoardFile:
    """An empty board, written. Raises RebenchError if the file is there already."""
    file = Path(path)
    if file.exists():
        raise RebenchError(f"{file} is there already: a board is never begun anew")
    description = board.model_dump(mode="json")
    raw = {
        "schema_version": SCHEMA_VERSION,
        "board": description,
        "entries": [],
        "head": board_hash(description),
    }
    made = BoardFile(file, raw)
    made.write()
    return made


def checked_facts(facts: dict[str, Any]) -> Facts:
    """What an entry is to say, as types. Raises Rejected if it must not say that."""
    try:
        return Facts.model_validate_json(json.dumps(facts))
    except ValidationError as error:
        raise Rejected(*_faults(error), where="the new entry") from None


def load_json(data: bytes, where: str) -> Any:
    """JSON with every key once and finite numbers. Raises Rejected otherwise."""
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite,
                              object_pairs_hook=_once)  # fmt: skip
    except Rejected as error:
        raise Rejected(*error.findings, where=where) from None
    except RecursionError:
        raise Rejected(Finding("file", "nested too deeply"), where=where) from None
    except ValueError as error:  # also text that is none
        raise Rejected(Finding("file", f"not JSON: {error}"), where=where) from None
    if _deeper(document, MAX_DEPTH):
        raise Rejected(Finding("file", "nested too deeply"), where=where)
    return document


def _bytes(file: Path) -> bytes:
    """The content, of which no more than allowed is ever read."""
    try:
        if not file.is_file():
            raise RebenchError(f"no board {file}: give the JSON file of a leaderboard")
        with open(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise RebenchError(f"could not read {file}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_BYTES:
        raise Rejected(Finding("file", f"more than {MAX_BYTES:,} bytes"), where=str(file))
    return data


def _deeper(document: Any, depth: int) -> bool:
    """Whether more objects and lists are in one another: what comes later goes through them recursively."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(depth + 1):
        parts = (part.values() if isinstance(part, dict) else part for part in level)
        level = [child for part in parts for child in part if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _all_objects(entries: list[Any]) -> bool:
    return all(isinstance(entry, dict) for entry in entries)


def _no_constant(name: str) -> Any:
    raise Rejected(Finding("number", f"{name} is no number of JSON"))


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Rejected(Finding("number", f"{text[:40]} is beyond every float"))
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for twice, _ in pairs:
            if twice in seen:
                break
            seen.add(twice)
        raise Rejected(Finding("file", f"the key {twice[:80]!r} stands there twice"))
    return made


def _faults_of(entry: dict[str, Any], number: int) -> list[Finding]:
    """What is wrong with an entry of a file."""
    if findings := _too_long(entry, number):
        return findings
    try:
        Entry.model_validate_json(json.dumps(entry))
    except ValidationError as error:
        return [Finding(found.reason, found.text, number) for found in _faults(error)]
    return []


def _too_long(part: dict[str, Any], number: int | None = None) -> list[Finding]:
    length = len(json.dumps(part))
    if length <= MAX_ENTRY:
        return []
    return [Finding("schema", f"it has {length:,} characters, at most {MAX_ENTRY:,} are read", number)]


def _faults(error: ValidationError) -> list[Finding]:
    """Every fault with its place; of many the first."""
    findings = []
    for fault in error.errors(include_url=False, include_input=False)[:_NAMED]:
        kind = {"finite_number": "number"}.get(fault["type"], fault["type"])
        reason = kind if kind in REASONS else "link" if "https" in str(fault.get("ctx")) else "schema"
        place = ".".join(map(str, fault["loc"]))
        findings.append(Finding(reason, f"{place}: {fault['msg']}"[:300]))
    return findings
