"""`predictions.parquet`: a folder of small Parquet files that are only ever added to."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from rebench.data.split import Rle, Sample
from rebench.errors import RebenchError
from rebench.store.atomic import write_atomically

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

COLUMNS = {
    "sample_id": "string",
    "image_id": "int64",
    "ref_id": "int64",
    "sent_id": "int64",
    "expression": "string",
    "height": "int32",
    "width": "int32",
    "rle": "string",
    "status": "string",
    "error": "string",
    "seconds": "float64",
    "truncated": "bool_",
}
"""The columns of a shard and their Arrow types; `rle` and `error` exclude each other."""

LATER = ("truncated",)
"""Columns that shards of older versions lack; null there."""

ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model answered to one expression: a mask, or the error that kept it from answering.

    Attributes:
        height, width: of the mask: those of the picture, or of the grid that the run's protocol compares on.
        rle: COCO compressed counts, column by column. None if it failed.
        error: "<Type>: <message>" on one line, at most 500 characters. None if it did not fail.
        seconds: wall time of the model for this expression (a share of what a batch took together).
        truncated: whether the model's tokenizer cut the expression short; None if the model does not tell.
    """

    sample_id: str
    image_id: int
    ref_id: int
    sent_id: int
    expression: str
    height: int
    width: int
    rle: str | None
    status: Literal["ok", "failed"]
    error: str | None
    seconds: float | None
    truncated: bool | None = None

    @classmethod
    def answered(
        cls, sample: Sample, mask: Rle, seconds: float | None = None, truncated: bool | None = None
    ) -> Self:
        """A prediction that is a mask, possibly an empty one."""
        return cls(*_identity(sample, *mask["size"]), mask["counts"], "ok", None, seconds, truncated)

    @classmethod
    def failed(
        cls, sample: Sample, error: str, seconds: float | None = None, truncated: bool | None = None
    ) -> Self:
        """A prediction that did not come about."""
        line = " ".join(error.split()).encode("utf-8", "replace").decode()
        if len(line) > ERROR_LENGTH:
            line = line[: ERROR_LENGTH - 1] + "…"
        size = sample.height, sample.width
        return cls(*_identity(sample, *size), None, "failed", line, seconds, truncated)


def _identity(s: Sample, height: int, width: int) -> tuple[str, int, int, int, str, int, int]:
    return s.sample_id, s.image_id, s.ref_id, s.sent_id, s.expression, height, width


def write_shard(folder: Path, number: int, predictions: Sequence[Prediction]) -> None:
    """Writes `part-<number>.parquet` whole or not at all. Raises RebenchError if it cannot."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [asdict(prediction) for prediction in predictions]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=_schema()), sink)
    write_atomically(folder / f"part-{number:05d}.parquet", sink.getvalue().to_pybytes())


def shards(folder: Path) -> list[Path]:
    """The shards in the order in which they were written; a single file counts as one shard."""
    if folder.is_file():
        return [folder]
    return sorted(folder.glob("part-*.parquet"), key=number)


def number(shard: Path) -> int:
    """The place of a shard in that order. Raises RebenchError for a name that has none."""
    digits = shard.stem.removeprefix("part-")
    if not digits.isdecimal():
        raise RebenchError(f"{shard} is not a shard of a run (part-00000.parquet): move it away")
    return int(digits)


def read_shards(paths: Iterable[Path], columns: Sequence[str] = tuple(COLUMNS)) -> "pd.DataFrame":
    """The rows of all shards, in order; of a sample that stands there twice, the first.

    Raises:
        RebenchError: a shard is damaged, or is no file of predictions.
    """
    import pyarrow as pa

    tables = [_read_shard(path, columns) for path in paths]
    schema = pa.schema([_schema().field(name) for name in columns])
    frame = pa.concat_tables([schema.empty_table(), *tables]).to_pandas()
    return frame.drop_duplicates("sample_id", ignore_index=True)


def _read_shard(path: Path, columns: Sequence[str]) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = path.read_bytes()
    except OSError as error:
        raise RebenchError(f"could not read {path}: {error.strerror}") from error
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read(
            columns=list(columns),
            use_threads=False,  # a process that ends at once, as by an error, would tear them down
        )
        for name in LATER:
            if name in columns and name not in table.column_names:
                table = table.append_column(name, pa.nulls(len(table), pa.bool_()))
        return table.select(columns).cast(pa.schema([_schema().field(name) for name in columns]))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise RebenchError(
            f"{path} is damaged ({reason}): delete this file and run again,"
            " only its expressions are predicted anew"
        ) from error


def _schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([(name, getattr(pa, kind)()) for name, kind in COLUMNS.items()])
