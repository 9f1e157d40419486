"""Probing a run: the model's answers to other sentences, beside those it gave to the real ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.ambiguity.probes import PROBES, Probe
from rebench.ambiguity.probes.split import ProbedSplit, probed_name
from rebench.data.split import Rle, Split
from rebench.errors import RebenchError
from rebench.evaluation import Run, evaluate, predictions_under
from rebench.store.atomic import write_atomically
from rebench.store.folder import RunFolder, folder_name

if TYPE_CHECKING:
    import pandas as pd

    from rebench.predict.interface import Predictor
    from rebench.predict.registry import LoadedPredictor

SCHEMA_VERSION = 1
FILE = "probes.json"
RESAMPLES = 10_000

Document = dict[str, Any]


def run_probes(
    predictor: "Predictor | LoadedPredictor | str",
    split: Split,
    probes: Iterable[Probe],
    *,
    limit: int | None = None,
    **options: Any,
) -> list[Run]:
    """Runs a model on the probed splits, each a run of its own in `<out>/<split>@<probe>/<model>/`.

    Args:
        predictor: as for `evaluate`.
        split: the split whose sentences are replaced.
        probes: which; one that applies to none of the expressions is passed over.
        limit: only those of its first so many expressions that a probe applies to.
        options: the others of `evaluate`; those that the run without a probe was made with.

    Raises:
        RebenchError: as `evaluate`.
    """
    runs = []
    wanted = {sample.sample_id for sample in split.samples[:limit]}
    for probe in probes:
        probed = ProbedSplit(split, probe)
        count = sum(sample.sample_id in wanted for sample in probed.samples)
        if count:
            runs.append(evaluate(predictor, probed, limit=count if limit else None, **options))
    return runs


def report_probes(
    run: Run, split: Split, asked: Iterable[Probe] = (), resamples: int = RESAMPLES
) -> Document:
    """Compares a run with all the probed runs that lie beside it, and writes `probes.json` into its folder.

    Only runs of the same model, weights, protocol and seed are compared; of another, a note says so.

    Args:
        run: the run without a probe.
        split: the one it was made on.
        asked: probes that were run just now; of one that applies to nothing a note says so.
        resamples: of the intervals, which draw whole images.

    Returns:
        What was written: one entry per probe, with "overall" and "groups" as `probe_effects` gives them.

    Raises:
        RebenchError: there is no probed run that can be compared, or scores are of an older version; the
            disk refuses.
    """
    _check(run)
    found, notes = {}, []
    just_run = {probe.name for probe in asked}
    for name, probe in PROBES.items():
        path = _folder(run, name)
        if (path / "run.json").is_file():
            probed = ProbedSplit(split, probe)
            try:
                found[name] = _entry(run, _alike(run, path, probed), probed, resamples)
            except RebenchError as error:
                notes.append(f"{name} is left out: {error}")
        elif name in just_run:
            notes.append(f"{name} applies to none of the expressions")
    if not found and not just_run:
        raise RebenchError(
            f"no probed runs of this run beside {run.path}{_said(notes)}: add `--probe NAME` to its"
            f" `rebench run`, NAME one of {', '.join(PROBES)}"
        )
    model = run.record.model
    document = {
        "schema_version": SCHEMA_VERSION,
        "model": f"{model.name}:{model.variant}" if model.variant else model.name,
        "weights_sha256": model.weights_sha256,
        "split": split.name,
        "manifest_sha256": split.manifest.sha256,
        "protocol": run.summary["protocol"],
        "interval": run.summary["interval"] | {"resamples": resamples},
        "notes": notes,
        "probes": found,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(run.path / FILE, text.encode())
    return document


def _check(run: Run) -> Run:
    """The run. Raises RebenchError if its scores lack a column that older versions did not write."""
    from rebench.metrics.scoring import COLUMNS

    if lacking := [name for name in COLUMNS if name not in run.scores]:
        raise RebenchError(
            f"the scores in {run.path} have no column {lacking[0]!r}: make them anew with"
            f" `rebench score {run.path}`"
        )
    return run


def _said(notes: Sequence[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


def _folder(run: Run, probe: str) -> Path:
    """Where the probed run lies: the same model's folder under the probed split's."""
    here = run.path.resolve()
    return here.parent.parent / folder_name(probed_name(run.record.split.name, probe)) / here.name


def _alike(run: Run, path: Path, split: ProbedSplit) -> Run:
    """The probed run. Raises RebenchError unless nothing but the sentences differs."""
    probed = _check(Run.read(path))
    different = run.record.differences(replace(probed.record, split=run.record.split))
    if probed.record.split.manifest_sha256 != split.manifest.sha256:
        different.append("its sentences are others")
    if (was := run.summary["protocol"]) != (now := probed.summary["protocol"]):
        different.append(f"scored by {was}, now {now}")
    if different:
        raise RebenchError(f"{path} is another run ({'; '.join(different)}), run it with --fresh")
    return probed


def _entry(run: Run, probed: Run, split: ProbedSplit, resamples: int) -> Document:
    """All about one probe."""
    from rebench.ambiguity.probes.effects import probe_effects
    from rebench.metrics.groups import group_cells
    from rebench.metrics.scoring import score_predictions

    protocol = run.summary["protocol"]
    scored_before = set(run.scores["sample_id"])
    ids = [name for name in probed.scores["sample_id"] if name in scored_before]
    before, after = (_aligned(one.scores, ids) for one in (run, probed))
    masks = [
        _aligned(predictions_under(RunFolder(one.path), on, protocol)[0], ids)
        for one, on in ((run, split.base), (probed, split))
    ]
    others = None  # a target that cannot be decoded has no scores here, and no share in what follows
    if split.probe.name == "other-target":
        there = split.towards_others()
        scored = [score_predictions(there, frame, protocol).scores for frame in masks]
        others = _aligned(scored[0], ids), _aligned(scored[1], ids)
    cells, rng = group_cells(before), np.random.default_rng(run.record.seed)
    return {
        "description": split.probe.description,
        "applies": split.probe.applies,
        "run": folder_name(split.name),
        "split": split.name,
        "manifest_sha256": split.manifest.sha256,
        "applies_to": len(split.samples),
        "left_out": len(split.base.samples) - len(split.samples),
        "unscored": len(split.samples) - len(ids),
        **probe_effects((before, after), _agreement(masks), cells, others, resamples=resamples, rng=rng),
    }


def _aligned(frame: "pd.DataFrame", ids: list[str]) -> "pd.DataFrame":
    """The rows of these samples, in this order; empty ones for those that are not there."""
    return frame.set_index("sample_id").reindex(ids).reset_index()


def _agreement(masks: "Sequence[pd.DataFrame]") -> NDArray[np.float64]:
    """IoU between the predictions of two frames, (n,); 1 where both are empty."""
    from rebench.metrics.overlap import iou
    from rebench.metrics.runs import count_overlaps

    before, after = (_masks(frame) for frame in masks)
    counts = count_overlaps(before, after)
    return iou(counts[:, 0], counts[:, 1])


def _masks(predictions: "pd.DataFrame") -> list[Rle]:
    rows = zip(predictions["height"], predictions["width"], predictions["rle"], strict=True)
    return [{"size": [int(height), int(width)], "counts": counts} for height, width, counts in rows]
