"""What a training has measured, as a table on disk and, where wanted, for TensorBoard."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.nn.files import whole
from rebench.errors import RebenchError


class Log:
    """`log.csv`, one row per check; a row that a resumed training makes again replaces the old one."""

    def __init__(self, folder: Path, tensorboard: bool = False) -> None:
        """A log in a folder.

        Raises:
            RebenchError: TensorBoard is asked for and not installed.
        """
        self.file = folder / "log.csv"
        self._board = _board(folder) if tensorboard else None

    def begin(self, step: int) -> None:
        """Forget the rows after a step: a training goes on from there."""
        rows = [row for row in self.rows() if int(row["step"]) <= step]
        if rows:
            self._write(rows)
        else:
            self.file.unlink(missing_ok=True)

    def rows(self) -> list[dict[str, str]]:
        """All rows so far."""
        if not self.file.exists():
            return []
        with self.file.open(newline="") as lines:
            return list(csv.DictReader(lines))

    def add(self, step: int, row: Mapping[str, float]) -> None:
        """Append what was measured after a step."""
        rows = [old for old in self.rows() if int(old["step"]) < step]
        self._write([*rows, {"step": str(step)} | {name: f"{value:.6g}" for name, value in row.items()}])
        if self._board is not None:
            for name, value in row.items():
                if math.isfinite(value):
                    self._board.add_scalar(name, value, step)
            self._board.flush()

    def _write(self, rows: list[dict[str, str]]) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        with whole(self.file) as part, part.open("w", newline="") as lines:
            writer = csv.DictWriter(lines, names)
            writer.writeheader()
            writer.writerows(rows)


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise RebenchError(
            "--tensorboard needs TensorBoard: pip install tensorboard (log.csv is always written)"
        ) from None
    return SummaryWriter(str(folder / "tensorboard"))
