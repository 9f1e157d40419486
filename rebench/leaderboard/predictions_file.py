"""The predictions of a submission as one file: gzip of JSON Lines (leaderboards/README.md)."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from rebench.data.split import Rle, Split
from rebench.errors import RebenchError
from rebench.importing import HEADER, HEADER_VERSION
from rebench.leaderboard.findings import Finding, Rejected
from rebench.leaderboard.schema import MAX_PREDICTIONS, Predictions

SUFFIX = ".jsonl.gz"

_CHUNK = 2**20


class Packed(NamedTuple):
    """A predictions file that is not yet written; hash and size are of its text, unpacked."""

    data: bytes
    sha256: str
    bytes: int


def pack(masks: Mapping[str, Rle], split: Split, model: str) -> Packed:
    """The file with these masks by sample id, in the order of the split.

    Raises:
        RebenchError: it would be larger than any that is read.
    """
    header = {
        HEADER: HEADER_VERSION,
        "split": split.name,
        "manifest_sha256": split.manifest.sha256,
        "model": model,
        "masks": len(masks),
    }
    names = [sample.sample_id for sample in split.samples if sample.sample_id in masks]
    rows = ({"sample_id": name, "rle": masks[name]["counts"]} for name in names)
    text = _lines([header, *rows])
    if len(text) > MAX_PREDICTIONS:
        raise RebenchError(f"the predictions have {len(text):,} bytes, at most {MAX_PREDICTIONS:,} are taken")
    return Packed(gzip.compress(text, 9, mtime=0), hashlib.sha256(text).hexdigest(), len(text))


def locate(folder: Path, file: str) -> Path | None:
    """Where a board's predictions file lies, None where it is not there.

    Raises:
        Rejected: it is outside of the board's folder, by a link too, or no plain file.
    """
    root = folder.resolve()
    try:
        path = (root / file).resolve()
        if not path.is_relative_to(root):
            raise Rejected(Finding("path", f"{file} leads out of {folder}"))
        if not path.exists():
            return None
        plain = path.is_file() and path.name == Path(file).name
    except (OSError, RuntimeError) as error:  # a name too long; links in a circle
        raise Rejected(Finding("path", f"{file}: {getattr(error, 'strerror', None) or error}")) from None
    if not plain:
        raise Rejected(Finding("path", f"{file} is no plain file"))
    return path


def check_file(path: Path, declared: Predictions) -> None:
    """Unpacks a file, no further than declared, and compares its hash.

    It is one gzip member, which the module `gzip` does not insist on: millions of empty ones, or a header of
    megabytes, would keep that busy for minutes.

    Raises:
        Rejected: it cannot be unpacked, is larger or smaller than declared, or another one.
    """
    digest, left = hashlib.sha256(), declared.bytes
    unpacked = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        with open(path, "rb") as stream:
            while not unpacked.eof:
                data = unpacked.unconsumed_tail or stream.read(_CHUNK)
                chunk = unpacked.decompress(data, min(_CHUNK, left + 1))
                left -= len(chunk)
                if left < 0:
                    raise _other(path, f"unpacks to more than the {declared.bytes:,} bytes declared")
                if not chunk and not unpacked.eof and (not data or left == declared.bytes):
                    raise EOFError("it is cut off, or has no text")
                digest.update(chunk)
            if unpacked.unused_data or stream.read(1):
                raise _other(path, "has something after its end")
    except (OSError, EOFError, zlib.error) as error:
        raise _other(path, f"cannot be unpacked: {error}") from None
    if left:
        raise _other(path, f"has {declared.bytes - left:,} bytes, not {declared.bytes:,}")
    if digest.hexdigest() != declared.sha256:
        raise _other(path, f"has the hash {digest.hexdigest()[:12]}, not {declared.sha256[:12]}")


def _other(path: Path, what: str) -> Rejected:
    return Rejected(Finding("predictions", f"{path.name} {what}"))


def _lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n" for row in rows)
