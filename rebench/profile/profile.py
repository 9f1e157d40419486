"""What a model costs: parameters, operations, time and memory, once per picture and per expression."""

import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rebench.data.split import Image
from rebench.errors import RebenchError
from rebench.predict.imports import call_foreign
from rebench.predict.interface import UNTRAINED, Variant
from rebench.predict.registry import FoundPredictor, LoadedPredictor, find
from rebench.predict.variants import choose, variants_of
from rebench.profile.memory import Memory, peak_of
from rebench.profile.operations import Operations, count
from rebench.profile.published import Figure, figures
from rebench.profile.timing import Timing, timed

SENTENCES = (
    "compared to the lady with the umbrella, he is standing closer to the dog",
    "she is the one on the left who is holding a red cup",
    "the animal that lies behind the other one and looks at the camera",
    "it stands between the two parked cars and is the smaller of both",
    "unlike the man at the table, this one has no hat on his head",
    "the second bowl from the right, in front of the glass with the spoon",
    "he wears a blue jacket and walks away from the boat with a bag",
    "the chair beside the window that nobody in the room is sitting on",
)
"""Twelve to fourteen words each, as long as those of aRefCOCO."""

_BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError, MemoryError)
"""What Pillow's decoders raise on broken files."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some expressions asked together: without the picture where that is encoded once, else with it."""

    expressions: int
    operations: Operations | None
    time: Timing


@dataclass(frozen=True, slots=True)
class Profile:
    """What was found out of one model.

    Attributes:
        loaded: the model, as a run writes it down.
        variant: its entry in the list of variants, where it has one.
        parameters, trainable: None where no PyTorch module was found.
        weights_bytes: of parameters and buffers.
        dtypes: of the parameters.
        encode: operations and time of a picture; None where the model has no hook for it.
        batches: expressions by the number asked together.
        warmup: passes before the timed ones; the first counts the operations.
    """

    loaded: LoadedPredictor
    variant: Variant | None
    parameters: int | None
    trainable: int | None
    weights_bytes: int | None
    dtypes: tuple[str, ...]
    picture: tuple[int, int]
    tokens: tuple[int, ...] | None
    encode: tuple[Operations | None, Timing] | None
    batches: tuple[Batch, ...]
    repeats: int
    warmup: int
    memory: Memory
    threads: int | None

    def per_expression(self, batch: Batch) -> tuple[float | None, float]:
        """FLOPs and seconds of one expression of a batch, with its share of the picture."""
        operations, seconds = batch.operations, batch.time.median
        flops = operations.total if operations else None
        if self.encode:
            seconds += self.encode[1].median
            if flops is not None and self.encode[0]:
                flops += self.encode[0].total
        return flops and flops / batch.expressions, seconds / batch.expressions

    @property
    def published(self) -> tuple[Figure, ...]:
        """The figures of its paper, where it is the paper's model."""
        return figures(self.loaded.record.name) if self.variant and self.variant.as_published else ()

    def own(self, quantity: str) -> tuple[tuple[str, float], ...]:
        """What we have for a quantity of a paper, each with its convention: one picture, one expression."""
        first = next((batch for batch in self.batches if batch.expressions == 1), None)
        flops, seconds = self.per_expression(first) if first else (None, None)
        if quantity in ("GFLOPs", "FLOPs") and flops:
            return (("multiply-adds", flops / 2e9), ("FLOPs", flops / 1e9))
        if quantity == "parameters" and self.parameters:
            return (("", self.parameters / 1e6),)
        if quantity == "trainable parameters" and self.trainable is not None:
            return (("", self.trainable / 1e6),)
        if quantity == "trainable share of all parameters" and self.parameters and self.trainable is not None:
            return (("", 100 * self.trainable / self.parameters),)
        if quantity == "FPS" and seconds:
            return (("here", 1 / seconds),)
        if quantity == "test time" and seconds:
            return (("here", 1000 * seconds),)
        return ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON; operations in FLOPs and multiply-adds, times in seconds, memory in bytes."""
        encode = self.encode and {
            "operations": self.encode[0] and self.encode[0].as_dict(),
            "time": self.encode[1].as_dict(),
        }
        return {
            "model": asdict(self.loaded.record),
            "device": self.loaded.device and self.loaded.device.spec,
            "device_name": self.loaded.device and self.loaded.device.name,
            "threads": self.threads,
            "dtypes": list(self.dtypes),
            "parameters": self.parameters,
            "trainable": self.trainable,
            "weights_bytes": self.weights_bytes,
            "picture": {"height": self.picture[0], "width": self.picture[1]},
            "tokens": self.tokens and list(self.tokens),
            "repeats": self.repeats,
            "warmup": self.warmup,
            "encode": encode,
            "batches": [self._batch(batch) for batch in self.batches],
            "memory": asdict(self.memory),
            "published": [asdict(f) | {"ours": dict(self.own(f.quantity))} for f in self.published],
        }

    def _batch(self, batch: Batch) -> dict[str, Any]:
        flops, seconds = self.per_expression(batch)
        return {
            "expressions": batch.expressions,
            "operations": batch.operations and batch.operations.as_dict(),
            "time": batch.time.as_dict(),
            "flops_per_expression": flops,
            "seconds_per_expression": seconds,
            "expressions_per_second": 1 / seconds,
            "pictures_per_second": 1 / (seconds * batch.expressions),
        }


def prepare(spec: str, weights: str | Path | None) -> tuple[FoundPredictor, Variant | None]:
    """A model that is to be profiled, with random weights where none are given or packaged.

    Raises:
        RebenchError: as `rebench.predict.registry.find`.
    """
    found = find(spec, weights)
    offer = variants_of(found.name).variants
    if not offer:
        return found, None
    given = weights is not None
    if not given and not any(v.file and found.variant in (None, v.name) for v in offer):
        found = find(spec, UNTRAINED)
    return found, choose(found.name, offer, found.variant, found.weights)


def profile(
    loaded: LoadedPredictor,
    image: Image,
    expressions: Sequence[int] = (1, 5),
    repeats: int = 5,
    variant: Variant | None = None,
) -> Profile:
    """Look at a model that is loaded.

    Args:
        image: uint8 (H, W, 3).
        expressions: how many are asked together, one measurement each.
        repeats: timed passes of each.
        variant: its entry in the list of variants.

    Raises:
        RebenchError: the model fails.
    """
    if not expressions or min(expressions) < 1 or repeats < 1:
        raise RebenchError("there must be at least one expression and one repeat")
    predictor: Any = loaded.predictor
    texts = [SENTENCES[i % len(SENTENCES)] for i in range(max(expressions))]
    encodes = all(callable(getattr(predictor, hook, None)) for hook in ("encode", "decode"))
    failing = f"model {loaded.spec!r} failed"

    def foreign(call: Callable[[], Any]) -> Any:
        return call_foreign(call, {}, failing)

    def look() -> Any:
        return predictor.encode(image.copy())

    encoded, encode_operations = foreign(lambda: _counted(look)) if encodes else (None, None)

    def ask(n: int) -> Callable[[], Any]:
        if encodes:
            return lambda: list(predictor.decode(encoded, texts[:n]))
        return lambda: list(predictor.predict(image.copy(), texts[:n]))

    def operations_of(n: int) -> Operations | None:
        counted: Operations | None = foreign(lambda: _counted(ask(n)))[1]
        return counted

    operations = {n: operations_of(n) for n in expressions}

    def times() -> tuple[Timing | None, dict[int, Timing]]:
        return timed(look, repeats) if encodes else None, {n: timed(ask(n), repeats) for n in expressions}

    on_gpu = loaded.device is not None and loaded.device.kind == "cuda"
    (encode_time, batch_times), memory = foreign(lambda: peak_of(times, on_gpu))
    size = _size(predictor)
    return Profile(
        loaded=loaded,
        variant=variant,
        parameters=size and size[0],
        trainable=size and size[1],
        weights_bytes=size and size[2],
        dtypes=size[3] if size else (),
        picture=(image.shape[0], image.shape[1]),
        tokens=_tokens(predictor, texts),
        encode=(encode_operations, encode_time) if encode_time else None,
        batches=tuple(Batch(n, operations[n], batch_times[n]) for n in expressions),
        repeats=repeats,
        warmup=1,
        memory=memory,
        threads=sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None,
    )


def picture(path: Path | None) -> Image:
    """A picture from a file, or noise of the size most pictures of COCO have, 480 x 640.

    Raises:
        RebenchError: no such file, no picture, a broken one, or a decompression bomb.
    """
    if path is None:
        return np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    from PIL import Image as Pictures

    try:
        with Pictures.open(path) as opened:
            return np.asarray(opened.convert("RGB"))
    except (*_BROKEN, Pictures.DecompressionBombError) as error:
        why = str(error) or type(error).__name__
        raise RebenchError(f"{path} cannot be read as a picture: {why}") from error


def _counted(call: Callable[[], Any]) -> tuple[Any, Operations | None]:
    """With the operations, where PyTorch computed any: of a model without it nothing can be counted."""
    if "torch" not in sys.modules:
        return call(), None
    made, operations = count(call)
    return made, operations if operations.total or operations.uncounted else None


def _size(predictor: Any) -> tuple[int, int, int, tuple[str, ...]] | None:
    """Parameters, those that take a gradient, bytes and types, of the modules a predictor is or holds."""
    if "torch" not in sys.modules:
        return None
    from torch.nn import Module

    held = [predictor, *getattr(predictor, "__dict__", {}).values()]
    modules = [thing for thing in held if isinstance(thing, Module)]
    if not modules:
        return None
    parameters = {id(p): p for module in modules for p in module.parameters()}.values()
    buffers = {id(b): b for module in modules for b in module.buffers()}.values()
    return (
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
        sum(t.numel() * t.element_size() for t in (*parameters, *buffers)),
        tuple(sorted({str(p.dtype).removeprefix("torch.") for p in parameters})),
    )


def _tokens(predictor: Any, texts: Sequence[str]) -> tuple[int, ...] | None:
    """Tokens of each text, of a tokenizer that says which are real, as ours do."""
    try:
        _, real = predictor.tokenizer(texts)
        return tuple(int(n) for n in real.sum(1))
    except Exception:  # somebody else's tokenizer, or none
        return None
