"""From a model and a split to scores: run, score, summarise, each stage from the files of the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebench.data.split import Sample, Split
from rebench.errors import RebenchError
from rebench.predict.interface import Predictor
from rebench.predict.registry import LoadedPredictor, find, load, wrap
from rebench.store.environment import environment
from rebench.store.folder import RunFolder, run_path
from rebench.store.logits import KIND
from rebench.store.record import RunRecord, SplitRecord, StatusCounts
from rebench.store.writer import RunWriter, now

if TYPE_CHECKING:
    import pandas as pd

    from rebench.metrics.protocols import Protocol
    from rebench.metrics.scoring import Scored
    from rebench.predict.runner import Progress


@dataclass(frozen=True)
class Run:
    """A run with its results.

    Attributes:
        path: the folder it lies in.
        record: `run.json`.
        scores: one row per scored expression, as in `scores.parquet`.
        summary: the document of `summary.json`.
    """

    path: Path
    record: RunRecord
    scores: "pd.DataFrame"
    summary: dict[str, Any]

    @classmethod
    def read(cls, path: str | Path) -> "Run":
        """A run that was made before. Raises RebenchError if there is none, or none with scores."""
        from rebench.metrics.scoring import check_scores
        from rebench.metrics.summary import check_summary

        folder = RunFolder(path)
        summary = check_summary(folder.summary(), str(folder.path))
        return cls(folder.path, folder.record, check_scores(folder.scores(), str(folder.path)), summary)

    def predictions(self) -> "pd.DataFrame":
        """One row per predicted expression, with its mask as run lengths."""
        return RunFolder(self.path).predictions()

    @property
    def failed(self) -> int:
        """Expressions without a score: the model failed, or the target mask could not be used."""
        return int(self.summary["coverage"]["failed"])

    @property
    def first_failure(self) -> str | None:
        """What went wrong first: with the model, else with the annotations."""
        predictions = RunFolder(self.path).predictions(["sample_id", "status", "error"])
        failed = predictions[predictions["status"] != "ok"]
        if not failed.empty:
            return f"{failed['error'].iloc[0]} ({failed['sample_id'].iloc[0]})"
        unscored = predictions[~predictions["sample_id"].isin(self.scores["sample_id"])]
        if unscored.empty:
            return None
        return (
            f"the target of {unscored['sample_id'].iloc[0]} cannot be used,"
            f" `rebench data check --deep {self.record.split.name}` says why"
        )

    def as_dict(self) -> dict[str, Any]:
        """Path, `run.json` and `summary.json` in one JSON object."""
        return {"path": str(self.path), "run": self.record.as_dict(), "summary": self.summary}


def evaluate(
    predictor: Predictor | LoadedPredictor | str,
    split: Split | str,
    *,
    out: str | Path = "runs",
    protocol: str = "original",
    weights: str | Path | None = None,
    data_root: str | Path | None = None,
    device: str = "auto",
    batch_size: int = 16,
    limit: int | None = None,
    seed: int = 0,
    fresh: bool = False,
    keep_logits: bool = False,
    progress: "Progress | None" = None,
) -> Run:
    """Predicts, scores and summarises a split, into `<out>/<split>/<model>/`.

    A run that was interrupted is continued, one that is finished is only read. What identifies a
    model that is handed over as an object is its class and its card: give `fresh=True` where those
    do not change but its answers do.

    Args:
        predictor: anything with `predict`, or a model as the command line names it.
        split: a split, or its name.
        protocol: the name of the evaluation protocol.
        weights: a file for a model given by name.
        data_root: where the data of a split given by name lies.
        device: "auto", "cpu", "cuda" or "cuda:<n>", for a model given by name.
        batch_size: the most expressions the model gets in one call.
        limit: only so many expressions, the first of the split; the run stays partial.
        seed: handed to a model given by name; also of the intervals.
        fresh: begins anew in the place of the run that is there.
        keep_logits: stores the model's logits too, in float16, so that the run can be scored by every
            protocol; masks are made from them as stored. An answer that is a bool mask fails then.
        progress: is told how it goes.

    Raises:
        RebenchError: the request or its input is wrong; what is on disk stands as it was.
    """
    from rebench.data.catalogue import load_split
    from rebench.metrics.masking import of_whole_pictures
    from rebench.predict.runner import run

    choices = of_whole_pictures(protocol)
    check_request(batch_size, limit, seed)
    if isinstance(split, str):
        split = load_split(split, data_root)
    loaded = _loaded(predictor, weights, device, seed)
    record = _record(loaded, split, protocol, seed, keep_logits)
    path, samples = run_path(out, split.name, loaded.spec), split.samples[:limit]
    if not fresh and (finished := _finished(path, record, samples)):
        if progress:
            progress.begin(finished.record, path, len(samples), 0)
            progress.end()
        return finished
    with RunWriter(path, record, fresh) as writer:
        predicted = run(loaded.predictor, split, samples, writer, choices, batch_size, progress)
        if predicted or not _scored(writer.folder, protocol):
            score_run(writer.folder, split, protocol, seed)
        return Run.read(writer.path)


def score_run(folder: RunFolder, split: Split, protocol: str, seed: int = 0) -> "Scored":
    """Makes `scores.parquet` and `summary.json` from the predictions of a run.

    The same predictions give the same bytes.

    Raises:
        RebenchError: predictions that are damaged, a protocol that is unknown or that these predictions
            cannot be scored by, a disk that is full.
    """
    from rebench.metrics.scoring import score_predictions
    from rebench.metrics.summary import summarise

    predictions, source = predictions_under(folder, split, protocol)
    scored = score_predictions(split, predictions, protocol)
    summary = summarise(
        scored.scores,
        split,
        protocol,
        seed=seed,
        failed=len(scored.failures),
        scored_from=source,
        notes=scored.notes,
    )
    folder.forget_scores()  # so that new scores never stand beside an old summary
    folder.write_scores(scored.scores)
    folder.write_summary(summary)
    return scored


def predictions_under(
    folder: RunFolder, split: Split, protocol: "str | Protocol", *, again: bool = False
) -> "tuple[pd.DataFrame, str]":
    """The predictions of a run with the masks that a protocol makes of them, and `source_of` these masks.

    Args:
        folder: the run.
        split: the split it was made on.
        protocol: whose masks are wanted.
        again: make them from the logits in any case.

    Raises:
        RebenchError: as `source_of`; predictions or logits are damaged.
    """
    from rebench.metrics.scoring import mask_again

    source = source_of(folder, protocol, again=again)
    if source == "masks":
        return folder.predictions(), source
    return mask_again(split, folder.predictions(), folder.logits(), protocol), source


def source_of(folder: RunFolder, protocol: "str | Protocol", *, again: bool = False) -> str:
    """What the masks of a protocol come from: the stored "masks" of the run's own, else the kept "logits".

    Args:
        folder: the run.
        protocol: whose masks are wanted.
        again: the stored masks do not count.

    Raises:
        RebenchError: the protocol is another one than the run's, and the run kept no logits.
    """
    from rebench.metrics.masking import of_whole_pictures

    record, wanted = folder.record, of_whole_pictures(protocol)
    differing = of_whole_pictures(record.protocol).mask_differences(wanted)
    if not differing and not again:
        return "masks"
    if record.logits is not None:
        return "logits"
    steps = f"this cannot be applied to a mask any more: {', '.join(differing)}"
    raise RebenchError(
        f"{folder.path} keeps masks made by protocol {record.protocol}, not logits, and"
        f" {steps if differing else 'a protocol needs logits'}; the scores would not be those of"
        f" {wanted.name}: {_remedy(record)}"
    )


def _remedy(record: RunRecord) -> str:
    if record.source == "imported":
        return "import cannot bring logits, run the model with --keep-logits"
    return "run the model again with --fresh --keep-logits"


def check_request(batch_size: int, limit: int | None, seed: int) -> None:
    """Raises RebenchError for numbers that mean nothing."""
    if batch_size < 1:
        raise RebenchError(f"batch size {batch_size} is too small: give 1 or more")
    if limit is not None and limit < 1:
        raise RebenchError(f"limit {limit} is too small: give 1 or more expressions")
    if seed < 0:
        raise RebenchError(f"seed {seed} is negative: give 0 or more")


def _loaded(
    predictor: Predictor | LoadedPredictor | str, weights: str | Path | None, device: str, seed: int
) -> LoadedPredictor:
    if isinstance(predictor, str):
        return load(find(predictor, weights), device=device, seed=seed)
    if weights is not None:
        raise RebenchError("weights go with the name of a model, not with a model that is already there")
    return predictor if isinstance(predictor, LoadedPredictor) else wrap(predictor)


def _record(loaded: LoadedPredictor, split: Split, protocol: str, seed: int, keep_logits: bool) -> RunRecord:
    device, backend = loaded.device, loaded.card.backend
    warning = loaded.card.warning or _scenes_only(loaded, split)
    return RunRecord(
        model=replace(loaded.record, warning=warning),
        split=SplitRecord.of(split),
        protocol=protocol,
        environment=environment(device.kind, device.name, backend)
        if device
        else environment(None, None, backend),
        seed=seed,
        logits=KIND if keep_logits else None,
        started=now(),
        counts=StatusCounts(missing=len(split.samples)),
    )


def _scenes_only(loaded: LoadedPredictor, split: Split) -> str | None:
    """What to say of weights that have seen drawings and are shown photographs."""
    seen = {name.partition(":")[0] for name in loaded.card.trained_on}
    if seen != {"scenes"} or split.name.partition(":")[0] == "scenes":
        return None
    return f"these weights have only ever seen scenes: their scores on {split.name} mean nothing"


def _finished(path: Path, wanted: RunRecord, samples: Sequence[Sample]) -> Run | None:
    """The run that is there, if nothing is left to do; reads only, so it may lie where nobody can write."""
    if not (path / "run.json").is_file():
        return None
    folder = RunFolder(path)
    record = folder.record
    if record.finished is None or record.differences(wanted):
        return None
    statuses = folder.statuses()
    told = record.counts.ok + record.counts.failed == len(statuses)
    if not told or any(sample.sample_id not in statuses for sample in samples):
        return None
    return _scored(folder, wanted.protocol)


def _scored(folder: RunFolder, protocol: str) -> Run | None:
    """The run with its scores; None where they are lost, damaged or by another protocol."""
    try:
        done = Run.read(folder.path)
    except RebenchError:
        return None
    return done if done.summary["protocol"] == protocol else None
