"""Files that are either the old one or the whole new one, whatever happens while they are written."""

import contextlib
import errno
import os
from pathlib import Path

from rebench.errors import RebenchError

TEMPORARY_PREFIX = ".writing-"
"""Hidden, so that no reader of a folder of shards takes an unfinished file for one of them."""


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces `path` by `data` so that no reader, and no crash, ever sees half of it.

    Raises:
        RebenchError: the file could not be written (disk full, no permission); the old one stands.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        remedy = (
            ": make room, then the same command (without --fresh) continues"
            if error.errno == errno.ENOSPC
            else ""
        )
        raise RebenchError(f"could not write {path}: {error.strerror or error}{remedy}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Removes what writers that were killed left behind; only for who holds the lock of the run."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        with contextlib.suppress(OSError):
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Makes renames inside the folder survive a power cut, where the system can do that."""
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
