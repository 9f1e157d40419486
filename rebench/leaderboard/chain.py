"""The chain of hashes: every entry names the one before it, so that none can be changed or dropped alone.

Hashes are taken of what stands in the file, not of what this version makes of it: fields that a later version
adds change no hash of an older entry.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rebench.leaderboard.findings import Finding

Raw = Mapping[str, Any]

_DIGITS = 64
"""Of a SHA-256."""


def canonical(document: Any) -> bytes:
    """The bytes that are hashed: keys sorted, no blanks, ASCII, floats as Python's repr."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def entry_hash(entry: Raw) -> str:
    """SHA-256 of an entry without its own hash."""
    return _sha256({key: value for key, value in entry.items() if key != "sha256"})


def board_hash(board: Raw) -> str:
    """SHA-256 of the board's description, from which the chain starts; the manifest is settled later."""
    return _sha256({key: value for key, value in board.items() if key != "manifest_sha256"})


def sealed(facts: Raw, number: int, date: str, previous: str) -> dict[str, Any]:
    """The facts as entry `number`, after the one whose hash is `previous`."""
    entry = {**facts, "number": number, "date": date, "previous": previous}
    return {**entry, "sha256": entry_hash(entry)}


def head_of(board: Raw, entries: Sequence[Raw]) -> str:
    """The hash that the file must name as its head."""
    return str(entries[-1]["sha256"]) if entries else board_hash(board)


def check_chain(board: Raw, entries: Sequence[Raw], head: Any) -> list[Finding]:
    """What was changed, moved or dropped, as far as the hashes show it.

    Who computes all hashes anew leaves no trace here: only an older copy of the file shows that.
    """
    findings = []
    places = dict[str, int]()  # of the entries by their hash
    for place, entry in enumerate(entries, 1):
        if (own := _hash(entry.get("sha256"))) in places:
            findings.append(Finding("duplicate", f"it is entry {places[own]} again", place))
        elif own:
            places[own] = place
    expected = board_hash(board)
    following = 1
    for place, entry in enumerate(entries, 1):
        own = _hash(entry.get("sha256"))
        if entry_hash(entry) != own:
            findings.append(Finding("edited", "its content does not give its hash", place))
        number = entry.get("number")
        if _hash(entry.get("previous")) != expected:
            findings.append(_gap(place, entry, places))
        elif number != following:
            findings.append(Finding("reordered", f"it says it is number {str(number)[:20]}", place))
        expected = own
        following = number + 1 if isinstance(number, int) else place + 1
    if _hash(head) != expected:
        findings.append(_wrong_head(_hash(head), places))
    return findings


def _hash(value: Any) -> str:
    """What stands there if it can be a hash; else nothing that is one."""
    return value if isinstance(value, str) and len(value) == _DIGITS else ""


def _gap(place: int, entry: Raw, places: Mapping[str, int]) -> Finding:
    """Why an entry does not name the one before it."""
    if _hash(entry.get("previous")) in places:
        return Finding("reordered", "the entry it was made after stands elsewhere", place)
    if place == 1 and entry.get("number") == 1:
        return Finding("board", "the first entry was made for another description of the board")
    return Finding("deleted", "the entry it was made after is not there", place)


def _wrong_head(head: str, places: Mapping[str, int]) -> Finding:
    if not places:
        return Finding(
            "board", "its head is not the hash of its description: changed, or its entries deleted"
        )
    if head in places:
        return Finding("reordered", f"the head is entry {places[head]}, not the last one")
    return Finding("deleted", "the entry that the head names is not there")


def _sha256(document: Any) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()
