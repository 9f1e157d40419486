"""Manifests as files, and what can be said of a split without reading its annotations."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rebench.data.catalogue import CATALOGUE, split_names
from rebench.data.declaration import Declaration
from rebench.data.split import Counts, Split
from rebench.errors import RebenchError

SCHEMA_VERSION = 1


def manifest_document(split: Split) -> dict[str, Any]:
    """The manifest of a split as one JSON object: its identity, its size and every sample in order."""
    counts = split.counts
    return {
        "schema_version": SCHEMA_VERSION,
        "split": split.name,
        "sha256": split.manifest.sha256,
        "images": counts.images,
        "refs": counts.refs,
        "expressions": counts.expressions,
        "official": asdict(split.official) if split.official else None,
        "whole": split.whole,
        "samples": [
            {
                "sample_id": s.sample_id,
                "image_id": s.image_id,
                "ref_id": s.ref_id,
                "sent_id": s.sent_id,
                "annotation_id": s.annotation_id,
                "height": s.height,
                "width": s.width,
                "expression": s.expression,
            }
            for s in split.samples
        ],
    }


def write_manifest(split: Split, file: Path) -> None:
    """Write the manifest, whole or not at all. Raises RebenchError if it cannot be written."""
    text = json.dumps(manifest_document(split), indent=1, ensure_ascii=False) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(temporary, 0o644)
            os.replace(temporary, file)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise RebenchError(f"could not write {file}: {error.strerror}") from error


def size_of(file: Path) -> int | None:
    """Bytes of a file, None where it is missing. Raises RebenchError if nobody may look into its folder."""
    try:
        return file.stat().st_size if file.is_file() else None
    except OSError as error:
        raise RebenchError(f"cannot read {file.parent}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Listing:
    """A split as `rebench data list` shows it.

    Attributes:
        present: whether all of its files are there (pictures are not looked at).
        here: the size of what is there, in words; None where nothing is.
        problem: why a file that is there cannot be read.
    """

    name: str
    official: Counts | None
    present: bool
    here: str | None
    problem: str | None = None


def list_splits(root: Path) -> list[Listing]:
    """Every split we know and what the data root has of it, by the expression files alone."""
    read = _ExpressionCounts(root)
    listings = []
    for name in split_names():
        declaration = CATALOGUE.get(name)
        if declaration is None:
            listings.append(Listing(name, None, True, "embedded, drawn from its seed"))
        else:
            listings.append(_listing(declaration, root, read))
    return listings


def _listing(declaration: Declaration, root: Path, read: "_ExpressionCounts") -> Listing:
    present = False
    try:
        there = [size_of(root / path) is not None for path, _ in declaration.files]
        present = all(there)
        if not there[0]:
            return Listing(declaration.name, declaration.official, present, None)
        n = read.expressions(declaration)
    except RebenchError as error:
        return Listing(declaration.name, declaration.official, present, None, str(error))
    whole = n == declaration.official.expressions
    here = f"{n:,} expressions" if whole else f"{n:,} of {declaration.official.expressions:,} expressions"
    return Listing(declaration.name, declaration.official, present, here)


class _ExpressionCounts:
    """Expressions by file and by the file's own split field; a file of several splits is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_file: dict[Path, dict[str, int]] = {}

    def expressions(self, declaration: Declaration) -> int:
        path = self._root / declaration.folder / declaration.refs_file
        if path not in self._by_file:
            self._by_file[path] = self._read(path, declaration.folder)
        return sum(self._by_file[path].get(value, 0) for value in declaration.split_values)

    @staticmethod
    def _read(path: Path, folder: str) -> dict[str, int]:
        from rebench.data.arefcoco import read_entities
        from rebench.data.refer import read_refs

        counts: dict[str, int] = {}
        if folder == "arefcoco":
            for entity in read_entities(path):
                counts[entity.split] = counts.get(entity.split, 0) + len(entity.descriptions)
        else:
            for ref in read_refs(path):
                counts[ref.split] = counts.get(ref.split, 0) + len(ref.sentences)
        return counts
