"""Somebody else's predictions as a run: read, checked against the manifest, scored like our own."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rebench.data.masks import encode, from_annotation
from rebench.data.split import Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.evaluation import score_run
from rebench.metrics.masking import needs_logits
from rebench.metrics.protocols import get_protocol
from rebench.store.environment import environment
from rebench.store.folder import run_path
from rebench.store.record import ModelRecord, RunRecord, SplitRecord
from rebench.store.shards import Prediction
from rebench.store.writer import SHARD_ROWS, RunWriter, now

FORMATS = "JSON Lines (.jsonl, .jsonl.gz), Parquet (.parquet) or a folder of PNG masks"

HEADER = "rebench_predictions"
"""The key that makes the first line of a JSON Lines file its header; its value is the version."""

HEADER_VERSION = 1

MAX_LINE = 4 * 2**20
MAX_TEXT = 2**30
"""Bytes of a line, and of a whole file unpacked: no archive is read further than this."""

MAX_LINES = 2_000_000
"""No split has a tenth of that; blank ones take their time too."""

_NAMED = 3
"""Offenders that an error names; the others are counted."""

_SHOWN = 100
"""Characters of what a file says that an error repeats."""


class Entry(NamedTuple):
    """One foreign prediction: whose it is, and a mask in one of the accepted forms, unchecked."""

    sample_id: str
    mask: Any


class OtherSplit(RebenchError):
    """Predictions whose header says that they are of another split, or another version of it."""


class Unfit(RebenchError):
    """Predictions that do not fit a split: the sample ids of the offenders, by what is wrong with them."""

    def __init__(
        self, path: Path, split: Split, unknown: list[str], twice: list[str], masks: list[str]
    ) -> None:
        self.unknown, self.twice, self.masks = unknown, twice, masks
        kinds = {f"not in {split.name}": unknown, "given twice": twice, "without a mask that fits": masks}
        complaints = [f"{len(names):,} {kind} ({first_of(names)})" for kind, names in kinds.items() if names]
        super().__init__(f"{path} does not fit the manifest of {split.name}: {'; '.join(complaints)}")


def import_predictions(
    file: str | Path,
    model: str,
    split: Split,
    out: str | Path = "runs",
    protocol: str = "original",
    *,
    fresh: bool = False,
) -> Path:
    """Make a scored run `<out>/<split>/<model>/` of a file of masks; its path is returned.

    Accepted are one JSON object per line with "sample_id" and "rle" (COCO run lengths: an object with
    size and counts, or the compressed counts alone), after a header where there is one
    (leaderboards/README.md); Parquet with these columns (and height and width, if it likes); or a folder of
    one-channel PNG masks named `<sample_id>.png`, where non-zero is the referent. Expressions without a mask
    make the run partial; they are never empty masks.

    Args:
        file: the file or folder.
        model: a name for who predicted.
        split: what was predicted.
        out: where runs are kept.
        protocol: how they are scored.
        fresh: replace the run that is there.

    Raises:
        RebenchError: the protocol needs logits; the file cannot be read, or holds what does not fit the
            manifest (ids that are unknown or come twice, masks of another size, damaged run lengths); nothing
            is written then.
    """
    path = Path(file)
    if steps := needs_logits(get_protocol(protocol)):
        raise RebenchError(
            f"{path} holds masks, not logits, and this cannot be applied to a mask any more:"
            f" {', '.join(steps)}; the scores would not be those of {protocol}: import without --protocol,"
            " or run the model with --keep-logits"
        )
    if not model.strip():
        raise RebenchError("the model needs a name: give --model")
    masks = checked_masks(path, split)
    record = RunRecord(
        model=ModelRecord(name=model),
        split=SplitRecord.of(split),
        protocol=protocol,
        environment=environment(),
        source="imported",
        source_sha256=_sha256(path),
        started=now(),
    )
    with RunWriter(run_path(out, split.name, model), record, fresh) as writer:
        new = [s for s in split.samples if s.sample_id in masks and s.sample_id not in writer.status]
        for start in range(0, len(new), SHARD_ROWS):
            writer.add(Prediction.answered(s, masks[s.sample_id]) for s in new[start : start + SHARD_ROWS])
        writer.finish()
        score_run(writer.folder, split, protocol)
        return writer.path


def checked_masks(path: Path, split: Split) -> dict[str, Rle]:
    """The masks by sample id, each of the size of its picture.

    Raises:
        RebenchError: the file cannot be read; `Unfit`, with the offenders, if it holds what does not fit.
    """
    samples = {sample.sample_id: sample for sample in split.samples}
    masks: dict[str, Rle] = {}
    unknown, twice, unfit = [], [], []
    for name, mask in read_entries(path, split):
        if name not in samples:
            unknown.append(name[:_SHOWN])
        elif name in masks:
            twice.append(name)
        else:
            try:
                masks[name] = _mask(mask, samples[name])
            except RebenchError as error:
                unfit.append(f"{name}: {str(error)[: 2 * _SHOWN]}")
                masks[name] = Rle(size=[0, 0], counts="")  # seen, so that its double is found
    if unknown or twice or unfit:
        raise Unfit(path, split, unknown, twice, unfit)
    if not masks:
        raise RebenchError(f"{path} holds no prediction: give {FORMATS}")
    return masks


def first_of(names: list[str]) -> str:
    """The first offenders, for a message."""
    more = ", ..." if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def read_entries(path: Path, split: Split) -> Iterator[Entry]:
    """The predictions in a file or folder, in its order.

    Raises:
        RebenchError: it cannot be read, is absurdly large, or its header names another split.
    """
    if not path.exists():
        raise RebenchError(f"no file {path}: give {FORMATS}")
    try:
        if path.is_dir():
            yield from _png_folder(path)
        elif path.suffix == ".parquet":
            yield from _parquet(path)
        elif path.name.endswith((".jsonl", ".jsonl.gz")):
            yield from _json_lines(path, split)
        else:
            raise RebenchError(f"cannot tell what {path} is: give {FORMATS}")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RebenchError(f"could not read {path}: {error}") from error


def _json_lines(path: Path, split: Split) -> Iterator[Entry]:
    promised, found = None, 0
    for number, line in enumerate(_bounded_lines(path), 1):
        if number > MAX_LINES:
            raise RebenchError(f"{path} has more than {MAX_LINES:,} lines: that is no file of predictions")
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        if not text.strip():
            continue
        try:
            row = json.loads(text, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise RebenchError(f"{path}, line {number} is not JSON: {error}") from error
        if number == 1 and isinstance(row, dict) and HEADER in row:
            _check_header(row, path, split)
            promised = row.get("masks")
            continue
        if not isinstance(row, dict) or not isinstance(row.get("sample_id"), str) or "rle" not in row:
            raise RebenchError(f'{path}, line {number}: wants {{"sample_id": text, "rle": ...}}')
        found += 1
        yield Entry(row["sample_id"], row["rle"])
    if promised not in (None, found):
        raise RebenchError(
            f"{path} has {found:,} masks, its header says {str(promised)[:_SHOWN]}: it is not whole"
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands there twice")  # readers differ in which one they take
    return made


def _bounded_lines(path: Path) -> Iterator[bytes]:
    """The lines of a text file, plain or gzip, of which no more is ever unpacked than is allowed."""
    opener = gzip.open if path.suffix == ".gz" else open
    left = MAX_TEXT
    with opener(path, "rb") as file:
        while line := file.readline(min(MAX_LINE, left) + 1):
            left -= len(line)
            if len(line) > MAX_LINE or left < 0:
                what = f"a line of more than {MAX_LINE:,}" if left >= 0 else f"more than {MAX_TEXT:,}"
                raise RebenchError(f"{path} has {what} bytes: that is no file of predictions")
            yield line


def _check_header(header: Mapping[str, Any], path: Path, split: Split) -> None:
    """Raises RebenchError for a header of a later version, or of predictions on another split."""
    version = header[HEADER]
    if not isinstance(version, int) or not 1 <= version <= HEADER_VERSION:
        raise RebenchError(
            f"{path} is of version {str(version)[:_SHOWN]!r}, this rebench reads {HEADER_VERSION}: upgrade"
            " rebench-ris"
        )
    name, manifest = header.get("split", split.name), header.get("manifest_sha256", split.manifest.sha256)
    if name != split.name:
        raise OtherSplit(f"{path} has predictions on {str(name)[:_SHOWN]!r}, not on {split.name}")
    if manifest != split.manifest.sha256:
        raise OtherSplit(
            f"{path} was made on another {split.name} (manifest {str(manifest)[:12]}) than the one here"
            f" ({split.coverage}, manifest {split.manifest.sha256[:12]})"
        )


def _parquet(path: Path) -> Iterator[Entry]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        there = file.schema_arrow.names
        lacking = {"sample_id", "rle"} - set(there)
        if lacking:
            raise RebenchError(
                f"{path} lacks the column {', '.join(sorted(lacking))}: it has {', '.join(there)}"
            )
        columns = [name for name in ("sample_id", "rle", "height", "width") if name in there]
        for batch in file.iter_batches(columns=columns):
            yield from (_parquet_entry(row) for row in batch.to_pylist())
    except (pa.ArrowException, OSError) as error:
        raise RebenchError(f"could not read {path}: {' '.join(str(error).split())}") from error


def _parquet_entry(row: Mapping[str, Any]) -> Entry:
    mask = row["rle"]
    if isinstance(mask, str | bytes) and row.get("height") is not None and row.get("width") is not None:
        mask = {"size": [row["height"], row["width"]], "counts": mask}
    return Entry(str(row["sample_id"]), mask)


def _png_folder(path: Path) -> Iterator[Entry]:
    for file in _pngs(path):
        yield Entry(file.relative_to(path).with_suffix("").as_posix(), file)


def _pngs(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.suffix.lower() == ".png")


def _mask(mask: Any, sample: Sample) -> Rle:
    """Validated run lengths at the size of the picture. Raises RebenchError if there are none."""
    if isinstance(mask, Path):
        return encode(_read_png(mask, sample))
    if not isinstance(mask, Mapping):
        mask = {"size": [sample.height, sample.width], "counts": mask}
    return from_annotation(mask, sample.height, sample.width)


def _read_png(file: Path, sample: Sample) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """True where a one-channel PNG is not zero, (H, W); of a palette image, where the index is not."""
    from PIL import Image

    try:
        with Image.open(file, formats=["PNG"]) as image:
            if image.size != (sample.width, sample.height):
                raise RebenchError(
                    f"size {image.height} x {image.width}, wants {sample.height} x {sample.width}"
                )
            if len(image.getbands()) != 1:
                raise RebenchError(f"mode {image.mode}, wants one channel")
            return np.asarray(image) != 0
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise RebenchError(f"not a readable PNG: {error}") from error


def _sha256(path: Path) -> str:
    """SHA-256 of the file; of a folder, over the name and the hash of every mask in it."""
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for png in _pngs(path):
        digest.update(f"{png.relative_to(path).as_posix()}\t{_sha256(png)}\n".encode())
    return digest.hexdigest()
