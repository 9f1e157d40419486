"""`logits.parquet`: what a model answered before any protocol made a mask of it; kept on request.

Beside every shard of predictions stands one of logits with the same number, written first: a shard of
predictions that is there has its logits. An answer takes 2 bytes per value before compression.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.errors import RebenchError
from rebench.store.atomic import write_atomically
from rebench.store.shards import shards

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "float16"
"""How logits are kept; also what `run.json` says."""

COLUMNS = {
    "sample_id": "string",
    "channels": "int32",
    "height": "int32",
    "width": "int32",
    "logits": "binary",
}
"""The columns of a shard: float16, little-endian, channel by channel and row by row; 0 channels: (h, w)."""

Half = NDArray[np.float16]


def as_kept(logits: NDArray[Any]) -> Half:
    """Rounded to float16; what lies beyond its range, infinity included, becomes its largest number.

    A logit of 65,504 is as certain as an infinite one; below 3e-8 in size a logit becomes 0.
    """
    largest = np.finfo(np.float16).max
    return np.clip(logits, -largest, largest).astype(np.float16)


def write_logits(folder: Path, number: int, rows: Sequence[tuple[str, Half]]) -> None:
    """Writes `part-<number>.parquet` whole or not at all. Raises RebenchError if it cannot."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise RebenchError(f"could not write {folder}: {error.strerror}") from error
    records = [
        {
            "sample_id": name,
            "channels": values.shape[0] if values.ndim == 3 else 0,
            "height": values.shape[-2],
            "width": values.shape[-1],
            "logits": values.astype("<f2").tobytes(),
        }
        for name, values in rows
    ]
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(records, schema=_schema())
    pq.write_table(table, sink, compression="zstd", use_dictionary=False)
    write_atomically(folder / f"part-{number:05d}.parquet", sink.getvalue().to_pybytes())


def read_logits(folder: Path) -> Iterator[tuple[str, Half]]:
    """Sample ids and logits, float16 (h, w) or (2, h, w), a shard at a time; one may come twice.

    Raises:
        RebenchError: a shard is damaged, or there is no place for any.
    """
    if not folder.exists():
        raise RebenchError(f"no logits in {folder}: begin anew with --fresh --keep-logits")
    for path in shards(folder):
        yield from _read_shard(path)


def _read_shard(path: Path) -> list[tuple[str, Half]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(path.read_bytes())).read(
            columns=list(COLUMNS), use_threads=False
        )
        return [_values(row) for row in table.cast(_schema()).to_pylist()]
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise RebenchError(
            f"{path} is damaged ({reason}): delete this file and {path.name} of predictions.parquet and run"
            " again, only their expressions are predicted anew"
        ) from error


def _values(row: dict[str, Any]) -> tuple[str, Half]:
    shape = (row["channels"], row["height"], row["width"])
    values = np.frombuffer(row["logits"], "<f2").astype(np.float16, copy=False)
    return row["sample_id"], values.reshape(shape if row["channels"] else shape[1:])


def _schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([(name, getattr(pa, kind)()) for name, kind in COLUMNS.items()])
