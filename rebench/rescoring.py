"""Scores and summary anew, from the predictions that a run keeps."""

import os
from pathlib import Path

from rebench.data.split import Split
from rebench.errors import RebenchError
from rebench.evaluation import Run, score_run, source_of
from rebench.metrics.protocols import get_protocol
from rebench.store.folder import RunFolder
from rebench.store.lock import RunLock
from rebench.store.record import RunRecord


def rescore(
    path: str | Path,
    protocol: str | None = None,
    data_root: str | os.PathLike[str] | None = None,
    split: Split | None = None,
) -> Run:
    """Write scores.parquet and summary.json of a run again; the predictions are not touched.

    Args:
        path: the run's folder.
        protocol: how to score; the run's own protocol where None. Another one needs kept logits.
        data_root: where the split's files are.
        split: the split itself, where it is already loaded.

    Raises:
        RebenchError: no run there, unknown protocol, or one that cannot be applied to masks; the split cannot
            be loaded, or it has other expressions than those the run was made on.
    """
    folder = RunFolder(path)
    record = folder.record
    choices = get_protocol(protocol or record.protocol)
    source_of(folder, choices)  # refused before anything is loaded
    split = split_of(folder.path, record, data_root, split)
    with RunLock(folder.path):
        score_run(folder, split, choices.name, seed=record.seed)
        return Run.read(folder.path)


def split_of(
    path: Path, record: RunRecord, data_root: str | os.PathLike[str] | None = None, split: Split | None = None
) -> Split:
    """The split a run was made on, loaded where it is not given.

    Raises:
        RebenchError: it cannot be loaded, or has other expressions here.
    """
    from rebench.data.catalogue import load_split

    split = split or load_split(record.split.name, data_root)
    if split.manifest.sha256 != record.split.manifest_sha256:
        raise RebenchError(
            f"{path} was made on another {record.split.name} ({record.split.coverage}, manifest"
            f" {record.split.manifest_sha256[:12]}) than the data here ({split.coverage}, manifest"
            f" {split.manifest.sha256[:12]}): give the --data-root it was made with,"
            " or run it anew with --fresh"
        )
    return split
