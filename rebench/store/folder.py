"""Reading a run: `<out>/<split>/<model>/` with its record, predictions, scores and summary."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebench.errors import RebenchError
from rebench.store.atomic import write_atomically
from rebench.store.logits import Half, read_logits
from rebench.store.record import RunRecord
from rebench.store.shards import COLUMNS, read_shards, shards

if TYPE_CHECKING:
    import pandas as pd

_NAME_LENGTH = 120


def run_path(out: str | Path, split: str, model: str) -> Path:
    """Where the run of a model on a split lies, with names that every file system takes."""
    return Path(out) / folder_name(split) / folder_name(model)


def folder_name(name: str) -> str:
    """The name with everything outside A-Z a-z 0-9 . _ + - as a hyphen, never hidden, never empty.

    Of a long name (a path) the end is kept. One that is cut, or not in ASCII, gets its hash as well, so that
    others of which the same is left are other folders.
    """
    safe = re.sub(r"[^A-Za-z0-9._+-]", "-", name).lstrip(".-")
    if safe and name.isascii() and len(safe) <= _NAME_LENGTH:
        return safe
    mark = f"-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return (safe[len(mark) - _NAME_LENGTH :].lstrip(".-") or "unnamed") + mark


class RunFolder:
    """A run as it lies on disk. Nothing is read before it is asked for.

    Args:
        path: the folder with `run.json`.

    Raises:
        RebenchError: there is no run.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "run.json").is_file():
            raise RebenchError(
                f"{self.path} is not a run (it has no run.json): give the folder of a `rebench run`"
            )

    @property
    def record(self) -> RunRecord:
        """`run.json`. Raises RebenchError if it is damaged or from a newer rebench."""
        path = self.path / "run.json"
        try:
            return RunRecord.from_json(path.read_bytes(), str(path))
        except OSError as error:
            raise RebenchError(f"could not read {path}: {error.strerror}") from error

    def write_record(self, record: RunRecord) -> None:
        """Replaces `run.json`. Raises RebenchError if it cannot be written."""
        write_atomically(self.path / "run.json", record.to_json().encode())

    def predictions(self, columns: Sequence[str] = tuple(COLUMNS)) -> "pd.DataFrame":
        """One row per predicted expression, in the order of prediction, with the columns of a shard.

        Raises:
            RebenchError: a shard is damaged, or there is no place for any; the message says what to do.
        """
        path = self.path / "predictions.parquet"
        if not path.exists():
            raise RebenchError(f"no predictions in {path}: put them back, or begin anew with --fresh")
        return read_shards(shards(path), columns)

    def logits(self) -> Iterator[tuple[str, Half]]:
        """Sample ids and kept logits, see `read_logits`. Raises RebenchError if there are none."""
        return read_logits(self.path / "logits.parquet")

    def statuses(self) -> dict[str, str]:
        """Per sample that is predicted, "ok" or "failed". Raises RebenchError as `predictions` does."""
        rows = self.predictions(["sample_id", "status"])
        return dict(zip(rows["sample_id"], rows["status"], strict=True))

    @property
    def scored(self) -> bool:
        """Whether scores and summary are there."""
        return (self.path / "scores.parquet").is_file() and (self.path / "summary.json").is_file()

    def scores(self) -> "pd.DataFrame":
        """`scores.parquet`. Raises RebenchError if it is missing or damaged."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.path / "scores.parquet"
        try:
            return pq.ParquetFile(pa.BufferReader(path.read_bytes())).read(use_threads=False).to_pandas()
        except (pa.ArrowException, OSError, ValueError) as error:  # text that is no text is a ValueError
            raise RebenchError(
                f"no scores in {path} ({_reason(error)}): make them with `rebench score {self.path}`"
            ) from error

    def write_scores(self, scores: "pd.DataFrame") -> None:
        """Writes `scores.parquet`: the same scores give the same bytes."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(scores, preserve_index=False).replace_schema_metadata(None)
        # pandas 2 and 3 store text as different Arrow types
        text = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in table.schema]
        sink = pa.BufferOutputStream()
        pq.write_table(table.cast(pa.schema(text)), sink)
        write_atomically(self.path / "scores.parquet", sink.getvalue().to_pybytes())

    def summary(self) -> dict[str, Any]:
        """`summary.json`. Raises RebenchError if it is missing or damaged."""
        path = self.path / "summary.json"
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise RebenchError(
                f"no summary in {path} ({_reason(error)}): make it with `rebench score {self.path}`"
            ) from error
        if not isinstance(document, dict):
            raise RebenchError(
                f"{path} is not the summary of a run: make it with `rebench score {self.path}`"
            )
        return document

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Writes `summary.json`: the same summary gives the same bytes. NaN is refused."""
        text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(self.path / "summary.json", text.encode())

    def forget_scores(self) -> None:
        """Removes scores, summary and the report of probes: they are about to be out of date."""
        for name in ("probes.json", "summary.json", "scores.parquet"):
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError as error:
                raise RebenchError(f"could not remove {self.path / name}: {error.strerror}") from error


def _reason(error: Exception) -> str:
    """What went wrong, without the path that the message names already."""
    return getattr(error, "strerror", None) or str(error)
