"""Predicting a split into a run folder, one picture at a time."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

from rebench.data.masks import encode
from rebench.data.split import Sample, Split
from rebench.metrics import protocols
from rebench.predict.batches import Answer, Asker
from rebench.predict.imports import describe
from rebench.predict.interface import Predictor
from rebench.store.record import RunRecord
from rebench.store.shards import Prediction
from rebench.store.writer import RunWriter


class Progress(Protocol):
    """Who wants to know how a run goes."""

    def begin(self, record: RunRecord, path: Path, total: int, pending: int) -> None:
        """A run of `total` expressions starts or continues; `pending` of them are still to be predicted."""

    def advance(self, answered: int, failed: int) -> None:
        """So many more expressions have a mask, so many more have an error."""

    def end(self) -> None:
        """The prediction is over: done, interrupted or broken off."""


def run(
    predictor: Predictor,
    split: Split,
    samples: Sequence[Sample],
    writer: RunWriter,
    protocol: protocols.Protocol,
    batch_size: int = 16,
    progress: Progress | None = None,
) -> int:
    """Predicts those samples that the run does not have yet; a failed one counts as had.

    The expressions of a picture are asked together and stored in one shard: a run that was
    interrupted asks the same batches again as one that was not. When it is interrupted
    (KeyboardInterrupt), what is done is stored and the record says partial.

    Args:
        predictor: the model.
        split: where the pictures are.
        samples: those of its samples that are wanted, the expressions of a picture together.
        writer: the run that is written.
        protocol: how outputs become masks.
        batch_size: the most expressions in one call.
        progress: is told how it goes.

    Returns:
        How many samples were predicted.

    Raises:
        RebenchError: the disk refuses; all finished shards are whole.
    """
    pending = [sample for sample in samples if sample.sample_id not in writer.status]
    asker = Asker(predictor, batch_size)
    if progress:
        progress.begin(writer.record, writer.path, len(samples), len(pending))
    try:
        for _, group in groupby(pending, key=lambda sample: sample.image_id):
            predictions = _predict(asker, split, list(group), protocol)
            writer.add(predictions)
            if progress:
                failed = sum(prediction.status == "failed" for prediction in predictions)
                progress.advance(len(predictions) - failed, failed)
    except KeyboardInterrupt:
        writer.finish()
        raise
    finally:
        if progress:
            progress.end()
    if pending or not writer.settled:
        writer.finish()
    return len(pending)


def _predict(
    asker: Asker, split: Split, samples: list[Sample], protocol: protocols.Protocol
) -> list[Prediction]:
    """The predictions for samples of one picture."""
    try:
        image = split.image(samples[0].image_id)
    except Exception as error:
        return [Prediction.failed(sample, describe(error)) for sample in samples]
    answers = asker.ask(image, [sample.expression for sample in samples])
    return [_prediction(sample, answer, protocol) for sample, answer in zip(samples, answers, strict=True)]


def _prediction(sample: Sample, answer: Answer, protocol: protocols.Protocol) -> Prediction:
    if answer.error is not None:
        return Prediction.failed(sample, answer.error, answer.seconds)
    try:
        mask = encode(protocols.to_mask(answer.output, sample.height, sample.width, protocol))
    except Exception as error:  # whatever an output does to us is the fault of that output
        return Prediction.failed(sample, describe(error), answer.seconds)
    return Prediction.answered(sample, mask, answer.seconds)
