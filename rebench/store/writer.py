"""Writing a run: one process at a time, never half a file, and always where it stopped."""

import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rebench.errors import RebenchError
from rebench.store.atomic import remove_leftovers, sync_folder, write_atomically
from rebench.store.folder import RunFolder
from rebench.store.lock import RunLock
from rebench.store.logits import Half, write_logits
from rebench.store.record import RunRecord, Status, StatusCounts
from rebench.store.shards import Prediction, number, shards, write_shard

SHARD_ROWS = 200
SHARD_SECONDS = 10.0


def now() -> str:
    """UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class RunWriter:
    """A run that is being written: opens, continues or replaces the folder, and holds its lock.

    A context manager. Predictions are buffered and become a shard every 200 expressions or ten
    seconds, and when `flush` is called; leaving the context writes nothing more and unlocks.

    Args:
        path: the run folder.
        record: the run that is about to be made; must agree with what is there in all that changes
            the answer.
        fresh: replaces what is there by an empty run.

    Attributes:
        folder: the run, for reading and for scores.
        status: per sample that stands in a finished shard, "ok" or "failed".

    Raises:
        RebenchError: another process writes there; the folder is no run, or a run of something else;
            the disk refuses. Whatever was there is untouched.
    """

    def __init__(self, path: str | Path, record: RunRecord, fresh: bool = False) -> None:
        self.path = Path(path)
        there = _exists(self.path)
        if there and fresh:
            _check_replaceable(self.path, record)
        self._lock = _begin(self.path, record) if fresh or not there else RunLock(self.path)
        try:
            self.folder = RunFolder(self.path)
            self.record = self._continue(record)
            _make_room(self._shards)
            remove_leftovers(self.path)
            remove_leftovers(self._shards)
            remove_leftovers(self._logits)
            self.status = self.folder.statuses()
            self._next = max((number(shard) for shard in shards(self._shards)), default=-1) + 1
        except BaseException:
            self._lock.close()
            raise
        self._buffer: list[Prediction] = []
        self._kept: list[tuple[str, Half]] = []
        self._flushed = time.monotonic()

    @property
    def _shards(self) -> Path:
        return self.path / "predictions.parquet"

    @property
    def _logits(self) -> Path:
        return self.path / "logits.parquet"

    def _continue(self, record: RunRecord) -> RunRecord:
        """The record on disk, after making sure that it is of the same run."""
        there = self.folder.record
        if different := there.differences(record):
            raise RebenchError(
                f"{self.path} holds another run ({'; '.join(different)}):"
                " begin anew with --fresh, or keep both with another --out"
            )
        sessions = (there.environment, *there.resumed)
        if record.environment not in sessions:
            return replace(there, resumed=(*there.resumed, record.environment))
        return there

    def add(self, predictions: Iterable[Prediction], logits: Iterable[tuple[str, Half]] = ()) -> None:
        """Takes predictions, and logits by sample id; those of one call end up in one shard. May flush."""
        self._buffer.extend(predictions)
        self._kept.extend(logits)
        if len(self._buffer) >= SHARD_ROWS or time.monotonic() - self._flushed >= SHARD_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Writes what was taken as one shard. Raises RebenchError if the disk refuses."""
        if self._buffer:
            self.folder.forget_scores()
            if self._kept:  # first, so that a shard of predictions never lacks its logits
                write_logits(self._logits, self._next, self._kept)
            write_shard(self._shards, self._next, self._buffer)
            self._next += 1
            self.status.update((p.sample_id, p.status) for p in self._buffer)
            self._buffer.clear()
            self._kept.clear()
        self._flushed = time.monotonic()

    def finish(self) -> RunRecord:
        """Flushes and writes into `run.json` how far the run has come; returns that record."""
        self.flush()
        counts = self._counts()
        status: Status = "partial" if counts.missing else "complete"
        self.record = replace(self.record, status=status, counts=counts, finished=now())
        self.folder.write_record(self.record)
        return self.record

    @property
    def settled(self) -> bool:
        """Whether `run.json` already says how far the run has come."""
        return self.record.finished is not None and self.record.counts == self._counts()

    def _counts(self) -> StatusCounts:
        tally = Counter(self.status.values())
        missing = self.record.split.expressions - len(self.status)
        return StatusCounts(ok=tally["ok"], failed=tally["failed"], missing=missing)

    def close(self) -> None:
        """Unlocks. What was not flushed is lost."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _exists(path: Path) -> bool:
    """Whether a run is there. Raises RebenchError if something else is."""
    if (path / "run.json").is_file():
        return True
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise RebenchError(
            f"{path} is there but is not a run (no run.json): move it away or give another --out"
        )
    return False


def _make_room(shards: Path) -> None:
    """Makes predictions that are one file the first shard of a folder, so that others can follow.

    Whoever is killed in between leaves the file beside its place, and the next one goes on from there.
    """
    aside = shards.with_name(f"{shards.name}.moving")
    try:
        if shards.is_file():
            os.replace(shards, aside)
        if aside.is_file():
            shards.mkdir(exist_ok=True)
            os.replace(aside, shards / "part-00000.parquet")
    except OSError as error:
        raise RebenchError(f"could not write {shards}: {error.strerror or error}") from error


def _check_replaceable(path: Path, record: RunRecord) -> None:
    """Raises RebenchError if the run there is of another model or split, whose name gives the same folder."""
    try:
        old = RunFolder(path).record
    except RebenchError:
        return  # damaged: there is nothing to lose
    for name, was, now in (
        ("model", old.model.name, record.model.name),
        ("split", old.split.name, record.split.name),
    ):
        if was != now:
            raise RebenchError(
                f"{path} is a run of the {name} {was!r}, and --fresh would delete it for {now!r}: move it"
                " away or give another --out"
            )


def _begin(path: Path, record: RunRecord) -> RunLock:
    """Puts an empty, locked run in the place of whatever run was there.

    The new folder is complete before the old one moves, and the old one is deleted last: whatever
    stops this, one of the two is whole.
    """
    replaced = RunLock(path) if _exists(path) else None
    new = path.with_name(f".{path.name}.new-{os.getpid()}")
    old = path.with_name(f"{path.name}.old-{os.getpid()}")
    try:
        lock = _prepare(new, record)
        try:
            _swap(path, new, old if replaced else None)
        except BaseException:
            lock.close()
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):  # it came between our look and our move
            raise RebenchError(f"another process is writing {path}: wait for it or stop it") from None
        raise RebenchError(f"could not write {path}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if replaced:
            replaced.close()
    return lock


def _prepare(new: Path, record: RunRecord) -> RunLock:
    shutil.rmtree(new, ignore_errors=True)
    (new / "predictions.parquet").mkdir(parents=True)
    write_atomically(new / "run.json", record.to_json().encode())
    return RunLock(new)


def _swap(path: Path, new: Path, old: Path | None) -> None:
    """Moves `path` to `old` (if it is ours to move) and `new` to `path`, or leaves all where it was."""
    if old:
        path.rename(old)
    try:
        new.rename(path)
    except OSError:
        if old:
            old.rename(path)
        raise
    sync_folder(path.parent)
