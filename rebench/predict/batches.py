"""Asking a predictor about one picture, in batches that memory can take, so that only culprits fail."""

import copy
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rebench.data.split import Image
from rebench.metrics.masking import OutputError
from rebench.predict.imports import describe, place
from rebench.predict.interface import Predictor


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model gave for one expression: an output (not looked at yet) or an error; and its time."""

    output: Any
    error: str | None
    seconds: float


class Asker:
    """A predictor behind the rules of a run.

    The picture is encoded once where the predictor can do that. A call that raises is repeated one
    expression at a time, so that only those fail that must. A call that runs out of memory is
    repeated with half as many, and the size stays there.

    Args:
        predictor: gets a copy of the picture and a list of strings, and nothing else.
        batch_size: the most expressions in one call.
    """

    def __init__(self, predictor: Predictor, batch_size: int) -> None:
        self.batch_size = batch_size
        self._predictor: Any = predictor
        self._encodes = all(callable(getattr(predictor, hook, None)) for hook in ("encode", "decode"))

    def ask(self, image: Image, expressions: list[str]) -> Iterator[Answer]:
        """One answer per expression, in order; computed as they are asked for, a batch at a time."""
        opened = _timed(lambda: self._open(image))
        if opened.error is not None:
            yield from [Answer(None, opened.error, opened.seconds / len(expressions))] * len(expressions)
            return
        share, position = opened.seconds / len(expressions), 0
        while position < len(expressions):
            batch = expressions[position : position + self.batch_size]
            answers = self._answers(opened.output, batch)
            if answers is None:
                self.batch_size = len(batch) // 2
                continue
            position += len(batch)
            for answer in answers:
                yield Answer(answer.output, answer.error, answer.seconds + share)

    def _open(self, image: Image) -> Callable[[list[str]], Any]:
        """How to ask about this picture."""
        if not self._encodes:
            return lambda expressions: self._predictor.predict(image.copy(), expressions)
        encoded = self._predictor.encode(image.copy())
        return lambda expressions: self._predictor.decode(encoded, expressions)

    def _answers(self, ask: Callable[[list[str]], Any], batch: list[str]) -> list[Answer] | None:
        """The answers to a batch, or None where it did not fit into memory and can be halved."""
        whole = _timed(lambda: _listed(ask(list(batch)), len(batch)))
        if whole.error is None:
            return [Answer(output, None, whole.seconds / len(batch)) for output in whole.output]
        if len(batch) == 1 or whole.miscounted:
            return [Answer(None, whole.error, whole.seconds / len(batch))] * len(batch)
        if whole.out_of_memory:
            return None
        singles = (self._answers(ask, [expression]) for expression in batch)
        return [answer for single in singles for answer in single or []]


@dataclass(frozen=True, slots=True)
class _Outcome:
    output: Any
    seconds: float
    error: str | None = None
    out_of_memory: bool = False
    miscounted: bool = False


def _timed(call: Callable[[], Any]) -> _Outcome:
    """What the call gave or raised; the error as text, because its traceback keeps tensors alive."""
    started = time.perf_counter()
    try:
        return _Outcome(call(), time.perf_counter() - started)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # extensions in Rust panic with one of these
        ours = isinstance(error, OutputError)
        failed = describe(error) + ("" if ours else place(error)), is_out_of_memory(error), ours
    if failed[1]:
        _free_memory()
    return _Outcome(None, time.perf_counter() - started, *failed)


def _listed(outputs: Any, expected: int) -> list[Any]:
    """The outputs of one call; a wrong number of them cannot be told to whom they belong."""
    try:
        # copies, because a generator may fill one array again and again
        listed = [copy.copy(output) for output in islice(outputs, expected + 1)]
    except TypeError:
        raise OutputError(f"expected a list of {expected} masks, got {type(outputs).__name__}") from None
    if len(listed) != expected:
        many = f"more than {expected}" if len(listed) > expected else str(len(listed))
        raise OutputError(f"expected {expected} masks for {expected} expressions, got {many}")
    return listed


def is_out_of_memory(error: BaseException) -> bool:
    """Whether fewer expressions at a time may help. Does not import torch to find out."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    kinds = (getattr(module, "OutOfMemoryError", None) for module in (torch, getattr(torch, "cuda", None)))
    if isinstance(error, tuple(kind for kind in kinds if isinstance(kind, type))):
        return True
    # the CPU allocator of torch has no exception of its own
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _free_memory() -> None:
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        cuda.empty_cache()
