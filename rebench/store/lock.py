"""One writer per run folder."""

import contextlib
import logging
import os
from pathlib import Path
from types import TracebackType

from rebench.errors import RebenchError

try:
    import fcntl
except ImportError:  # Windows: the pid is still written, but nothing is enforced
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)


class Busy(RebenchError):
    """Another process holds the lock: waiting may help."""


class RunLock:
    """Holds `<folder>/.lock` for this process until it is closed or the process ends, however it ends.

    Raises:
        RebenchError: `Busy` if another process holds it (its pid is named); or the file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        try:
            self._descriptor: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise RebenchError(f"could not write {self.path}: {error.strerror}") from error
        try:
            self._take(folder)
        except BaseException:
            self.close()
            raise

    def _take(self, folder: Path) -> None:
        assert self._descriptor is not None
        busy = Busy(f"another process {_holder(self.path)}is writing {folder}: wait for it or stop it")
        if fcntl is not None:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise busy from None
            except OSError as error:  # some network file systems have no locks
                _log.warning("%s cannot be locked (%s): start no second run on it", folder, error.strerror)
        if not self._is_current():  # the folder was replaced between opening and locking
            raise busy
        with contextlib.suppress(OSError):  # a full disk; the pid only helps to find who holds it
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())
        if fcntl is None:  # and Windows moves no folder with an open file in it
            self.close()

    def _is_current(self) -> bool:
        assert self._descriptor is not None
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Lets go of the folder; the file stays, for the next writer to lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _holder(path: Path) -> str:
    try:
        pid = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
    return f"(pid {pid}) " if pid.isdigit() else ""
