"""One set of predictions under every protocol: how much of a score is the protocol's."""

import os
from pathlib import Path
from typing import Any

from rebench.data.split import Split
from rebench.evaluation import predictions_under, source_of
from rebench.metrics.aggregate import METRICS, totals
from rebench.metrics.protocols import departures, get_protocol, protocol_names
from rebench.metrics.scoring import score_predictions
from rebench.rescoring import split_of
from rebench.store.folder import RunFolder

SCHEMA_VERSION = 1


def compare_protocols(
    path: str | Path, data_root: str | os.PathLike[str] | None = None, split: Split | None = None
) -> dict[str, Any]:
    """The kept logits of a run, scored by every protocol; nothing is written.

    All masks are made from the logits, so that the rows differ by the protocol alone.

    Args:
        path: the folder of a run with `--keep-logits`.
        data_root: where the split's files are.
        split: the split itself, where it is already loaded.

    Returns:
        {"schema_version", "path", "model", "split", "protocols": {name: {"n", "failed", "notes", "oiou",
        "miou", "pr50" ... "pr90"}}, "spread": {metric: largest minus smallest}, "choices": {...}}. Metrics
        are fractions, null where a protocol does not compute one; "n" are the scored expressions, which may
        differ, because `original` does not score a target without a pixel; "choices" say in what which
        protocol departs from `original`.

    Raises:
        RebenchError: no run there, or one without logits; the split cannot be loaded or is another one.
    """
    folder = RunFolder(path)
    record = folder.record
    for name in protocol_names():
        source_of(folder, name)
    split = split_of(folder.path, record, data_root, split)
    rows = {name: _row(folder, split, name) for name in protocol_names()}
    return {
        "schema_version": SCHEMA_VERSION,
        "path": str(folder.path),
        "model": ":".join(filter(None, (record.model.name, record.model.variant))),
        "split": record.split.name,
        "protocols": rows,
        "spread": {metric: _spread([row[metric] for row in rows.values()]) for metric in METRICS},
        "choices": departures([get_protocol(name) for name in rows]),
    }


def _row(folder: RunFolder, split: Split, name: str) -> dict[str, Any]:
    """The metrics under one protocol."""
    predictions, _ = predictions_under(folder, split, name, again=True)
    scored = score_predictions(split, predictions, name)
    shared, union = (scored.scores[column].to_numpy("int64") for column in ("intersection", "union"))
    values = totals(shared, union, get_protocol(name))
    return {
        "n": values["n"],
        "failed": len(scored.failures),
        "notes": list(scored.notes),
        **{metric: values[metric] for metric in METRICS},
    }


def _spread(values: list[float | None]) -> float | None:
    """The largest minus the smallest, of those that are there; None where fewer than two are."""
    known = [value for value in values if value is not None]
    return max(known) - min(known) if len(known) > 1 else None
