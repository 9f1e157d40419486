"""From a model's output to the mask that a protocol compares: resize, activation, decision."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebench.metrics import resize
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.metrics.resize import Plane

Mask = NDArray[np.bool_]

_HUGE = {"float64": 1e300, "float32": 1e30}
"""Stands for an infinite logit, so that inf - inf cannot make a NaN."""


class OutputError(ValueError):
    """A predictor's output that is no mask: the sample fails, it never counts as an empty mask."""


def to_mask(output: Any, height: int, width: int, protocol: "str | Protocol" = "original") -> Mask:
    """The mask a predictor meant, bool of the protocol's `size`.

    Args:
        output: bool (height, width), passed through where the protocol compares such masks as they are; or
            float logits (h, w) over the protocol's `view` of the picture; or float (2, h, w) as (background,
            foreground).
        height: rows of the picture.
        width: columns of the picture.
        protocol: how logits are resized and where the threshold lies.

    Raises:
        OutputError: the output is none of these, empty, or has NaN. Infinite logits are allowed.
    """
    choices = get_protocol(protocol)
    if isinstance(output, np.ndarray) and output.dtype == np.bool_:
        return _finished(output, height, width, choices)
    planes = _planes(check_logits(output), choices)
    if choices.activation == "before":
        planes = [sigmoid(plane) for plane in planes]
    planes = [_to_grid(plane, height, width, choices) for plane in planes]
    if choices.activation == "after":
        planes = [sigmoid(plane) for plane in planes]
    return _decide(planes, choices)


def of_whole_pictures(protocol: "str | Protocol") -> Protocol:
    """The protocol for logits over the whole picture, which is what `predict` of a run answers with.

    A code base that letterboxes undoes its letterbox; here there is none, and its warp undoes a stretch.
    """
    return replace(get_protocol(protocol), view="stretched")


def needs_logits(protocol: "str | Protocol") -> list[str]:
    """The steps of a protocol that cannot be applied to a finished mask, each as "choice value"."""
    return get_protocol("original").mask_differences(of_whole_pictures(protocol))


def check_logits(output: Any) -> NDArray[Any]:
    """The same array. Raises OutputError unless it is float (h, w) or (2, h, w), not empty, without NaN."""
    if not isinstance(output, np.ndarray):
        raise OutputError(f"expected a NumPy array, got {type(output).__name__}")
    if not np.issubdtype(output.dtype, np.floating):
        raise OutputError(f"expected a bool mask or float logits, got dtype {output.dtype}")
    if output.ndim != 2 and not (output.ndim == 3 and output.shape[0] == 2):
        raise OutputError(f"expected logits of shape (h, w) or (2, h, w), got {output.shape}")
    if output.size == 0:
        raise OutputError(f"expected logits, got an empty array of shape {output.shape}")
    if np.isnan(output).any():
        raise OutputError("the logits contain NaN")
    return output


def sigmoid(values: Plane) -> Plane:
    """1 / (1 + exp(-x)) in the dtype of `values`, computed in that order.

    In float32 it is exactly 1 from about 16.6 on and exactly 0.5 up to about 6e-8: where a protocol decides
    on probabilities, both move pixels.
    """
    one = values.dtype.type(1)
    with np.errstate(over="ignore"):  # exp overflows to infinity, whose inverse is the 0 that is wanted
        result: Plane = one / (one + np.exp(-values))
    return result


def _finished(mask: Mask, height: int, width: int, protocol: Protocol) -> Mask:
    """A mask that the model has already decided, where the protocol asks for nothing else."""
    if steps := needs_logits(protocol):
        raise OutputError(
            f"protocol {protocol.name} needs logits, the model answered a bool mask, to which these choices"
            f" cannot be applied: {', '.join(steps)}"
        )
    if mask.shape != (height, width):
        raise OutputError(f"a bool mask must have the picture's shape {(height, width)}, got {mask.shape}")
    return mask


def _planes(output: NDArray[Any], protocol: Protocol) -> list[Plane]:
    """Finite logits in the protocol's dtype: the foreground's, or those of background and foreground."""
    huge = _HUGE[protocol.dtype]
    logits = np.clip(output.astype(np.float64), -huge, huge).astype(protocol.dtype)
    if protocol.channels == "both":
        return list(logits) if logits.ndim == 3 else [np.zeros_like(logits), logits]
    return [logits if logits.ndim == 2 else logits[1] - logits[0]]


def _to_grid(plane: Plane, height: int, width: int, protocol: Protocol) -> Plane:
    side = protocol.input_size
    first = getattr(resize, protocol.interpolation)
    plane = first(plane, *((height, width) if side is None else (side, side)), protocol.align_corners)
    if side is None or protocol.to_picture is None:
        return plane
    if protocol.to_picture == "nearest":
        return resize.nearest(plane, height, width)
    back = resize.letterbox if protocol.view == "letterboxed" else resize.stretch
    return resize.cubic_warp(plane, back(height, width, side), height, width)


def _decide(planes: list[Plane], protocol: Protocol) -> Mask:
    foreground = planes[-1]
    if protocol.decision == "argmax":
        decided: Mask = foreground > planes[0]
        return decided
    assert protocol.threshold is not None
    cut = protocol.threshold
    if protocol.activation == "none":  # the logit whose probability is the threshold
        cut = float(np.log(cut / (1 - cut)))
    edge = foreground.dtype.type(cut)
    return foreground > edge if protocol.strict else foreground >= edge
