"""Predicting a split into a run folder, one picture at a time."""

import logging
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rebench.data.masks import encode
from rebench.data.split import Sample, Split
from rebench.metrics.masking import OutputError, check_logits, to_mask
from rebench.metrics.protocols import Protocol as Choices
from rebench.predict.batches import Answer, Asker
from rebench.predict.imports import describe
from rebench.predict.interface import Predictor
from rebench.store.logits import Half, as_kept
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
    protocol: Choices,
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
        writer: the run that is written; its record says whether logits are kept.
        protocol: how outputs become masks.
        batch_size: the most expressions in one call.
        progress: is told how it goes.

    Returns:
        How many samples were predicted.

    Raises:
        RebenchError: the disk refuses; all finished shards are whole.
    """
    pending = [sample for sample in samples if sample.sample_id not in writer.status]
    asker, keep = Asker(predictor, batch_size), writer.record.logits is not None
    truncation = Truncation(predictor)
    if progress:
        progress.begin(writer.record, writer.path, len(samples), len(pending))
    try:
        for _, group in groupby(pending, key=lambda sample: sample.image_id):
            answered = _predict(asker, truncation, split, list(group), protocol, keep)
            predictions = [prediction for prediction, _ in answered]
            logits = [(made.sample_id, kept) for made, kept in answered if kept is not None]
            writer.add(predictions, logits)
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


class Truncation:
    """Which expressions the model's tokenizer cuts short, where the model tells.

    A model tells by a method `truncated(expressions: list[str])` that returns one bool per expression. One
    that raises, or returns anything else, is not asked again: a warning says so and nothing is known.
    """

    def __init__(self, predictor: Any) -> None:
        self._ask = getattr(predictor, "truncated", None)

    def of(self, expressions: list[str]) -> list[bool | None]:
        """One per expression; None where it is not known."""
        if callable(self._ask):
            try:
                answer = np.asarray(self._ask(list(expressions)))
                if answer.dtype != np.bool_ or answer.shape != (len(expressions),):
                    raise OutputError(f"expected {len(expressions)} bools, got {answer.dtype} {answer.shape}")
                return [bool(cut) for cut in answer]
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a remark on the side, even if it panics: no prediction is lost
                message = "the model does not say which expressions it cuts short: truncated() gave %s"
                logging.getLogger("rebench").warning(message, describe(error))
                self._ask = None
        return [None] * len(expressions)


_Made = tuple[Prediction, Half | None]
"""A prediction, and the logits it was made from where they are kept."""


def _predict(
    asker: Asker,
    truncation: Truncation,
    split: Split,
    samples: list[Sample],
    protocol: Choices,
    keep: bool,
) -> list[_Made]:
    """The predictions for samples of one picture."""
    try:
        image = split.image(samples[0].image_id)
    except Exception as error:
        return [(Prediction.failed(sample, describe(error)), None) for sample in samples]
    expressions = [sample.expression for sample in samples]
    cuts = truncation.of(expressions)
    return [
        _prediction(sample, answer, cut, protocol, keep)
        for sample, cut, answer in zip(samples, cuts, asker.ask(image, expressions), strict=True)
    ]


def _prediction(sample: Sample, answer: Answer, cut: bool | None, protocol: Choices, keep: bool) -> _Made:
    if answer.error is not None:
        return Prediction.failed(sample, answer.error, answer.seconds, cut), None
    try:
        kept = _kept(answer.output) if keep else None
        output = answer.output if kept is None else kept
        mask = encode(to_mask(output, sample.height, sample.width, protocol))
    except Exception as error:  # whatever an output does to us is the fault of that output
        return Prediction.failed(sample, describe(error), answer.seconds, cut), None
    return Prediction.answered(sample, mask, answer.seconds, cut), kept


def _kept(output: Any) -> Half:
    """The logits as they are kept; the mask is made from these, so that scoring them again gives it again."""
    if isinstance(output, np.ndarray) and output.dtype == np.bool_:
        raise OutputError("there are no logits to keep: the model answered a bool mask")
    return as_kept(check_logits(output))
