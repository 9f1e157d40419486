"""What the right answer is: the reference in float64, or, where that takes too long, what agrees with it.

The reference takes one Python step per token. For long sequences a compiled backend computes in float64
instead, after it has been checked against the reference on a shorter case with the same channels, states,
rank and directions. The benchmark prints which of the two it was.
"""

import time
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path

import torch
from torch import Tensor

from baselines.ops.backends import problem
from baselines.ops.bench.cases import Case, Inputs, call, call_with_gradients, draw
from rebench.predict.imports import describe

TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 2e-2, torch.float64: 1e-10}
"""Largest relative error of an output or a gradient, in the L2 norm."""

SHORTER = ((17, 23), (9, 13), (5, 7))
"""Sizes of a shorter case, of which the first that fits is taken; it has several of the backends' chunks."""
ROOM = 2e9
"""Bytes in which it has to fit."""

Answers = dict[str, Tensor]


def errors(found: Answers, true: Answers) -> dict[str, float]:
    """The relative L2 error of everything in `true`; infinite where it is missing, NaN where it is NaN."""
    return {name: _error(found[name], t) if name in found else torch.inf for name, t in true.items()}


def _error(found: Tensor, true: Tensor) -> float:
    if found.shape != true.shape:
        return torch.inf
    difference, size = (found.to(true) - true).norm().item(), true.norm().item()
    return difference / size if size else difference


def worst(found: dict[str, float]) -> float:
    """The largest error; NaN counts as the largest of all."""
    return max(found.values(), key=lambda error: torch.inf if isnan(error) else error)


def passes(error: float, dtype: torch.dtype) -> bool:
    """Whether an error is within the tolerance; NaN is not."""
    return error <= TOLERANCE[dtype]


@dataclass
class Reference:
    """What the reference would cost on a device, told from short pieces.

    Attributes:
        patience: seconds after which it is not worth waiting.
    """

    device: str
    patience: float
    _seconds: dict[tuple[Case, torch.dtype, bool], float] = field(default_factory=dict, init=False)

    def refusal(self, case: Case, dtype: torch.dtype, backward: bool) -> str | None:
        """Why it is not run on a case; None if it can be."""
        room, need = free_bytes(self.device), needed_bytes(case, dtype) if backward else 0
        if room is not None and need > 0.7 * room:
            return f"it would need {need / 1e9:.0f} GB"
        seconds = self.seconds(case, dtype, backward)
        return f"it would take {_duration(seconds)}" if seconds > self.patience else None

    def seconds(self, case: Case, dtype: torch.dtype, backward: bool) -> float:
        """An estimate: linear from a few tokens, with a quadratic part if that leaves hope."""
        key = (case, dtype, backward)
        if key not in self._seconds:
            self._seconds[key] = self._estimate(case, dtype, backward)
        return self._seconds[key]

    def _estimate(self, case: Case, dtype: torch.dtype, backward: bool) -> float:
        few, more = 16, min(192, case.length // 4)
        slope = min(self._time(case, dtype, backward, few) for _ in range(2)) / few
        if not backward or more <= few or slope * case.length > self.patience:
            return slope * case.length
        # a x + b x^2 through both measurements; b is where a gradient is written step by step
        bend = max(self._time(case, dtype, backward, more) / more - slope, 0) / (more - few)
        return (slope - bend * few) * case.length + bend * case.length**2

    def _time(self, case: Case, dtype: torch.dtype, backward: bool, tokens: int) -> float:
        piece = replace(case, size=(1, tokens) if case.function == "ss2d_scan" else (tokens,))
        inputs = draw(piece, torch.float32, self.device, 0)
        inputs = inputs.double(self.device) if dtype == torch.float64 else inputs
        _synchronise(self.device)
        began = time.perf_counter()
        run_pass(piece, inputs, "reference", backward)
        _synchronise(self.device)
        return time.perf_counter() - began


def run_pass(case: Case, inputs: Inputs, backend: str, backward: bool) -> Answers:
    """The forward pass without gradients, or forward and backward."""
    if backward:
        return call_with_gradients(case, inputs, backend)
    with torch.no_grad():
        return {"y": call(case, inputs, backend)}


def needed_bytes(case: Case, dtype: torch.dtype) -> int:
    """What the reference keeps for its backward pass: seven tensors like the state, for every step."""
    steps = case.length * (1 if case.function == "selective_scan" else case.directions)
    groups = case.directions if case.function == "selective_scan" else 1
    state = case.batch * case.width * groups * case.states * (8 if dtype == torch.float64 else 4)
    return 7 * steps * (state + 1000)


def free_bytes(device: str) -> int | None:
    """Memory that can be had; None where nobody says."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = 1024 * int(dict(line.split(":") for line in lines)["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return None
    try:  # a container's share may be smaller
        group = Path("/sys/fs/cgroup")
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        return min(free, limit - used)
    except (OSError, ValueError):
        return free


@dataclass
class Truth:
    """Right answers in float64.

    Attributes:
        patience: seconds that the reference may take for one.
    """

    device: str
    patience: float = 10.0
    _checked: dict[tuple[str, Case], float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._reference = Reference(self.device, self.patience)

    def of(self, case: Case, inputs: Inputs) -> tuple[Answers | None, str]:
        """The answers, and where they come from; None and the reason where nothing can be trusted."""
        why_not = self._reference.refusal(case, torch.float64, backward=True)
        if why_not is None:
            try:
                wide = inputs.double(self.device)
                return call_with_gradients(case, wide, "reference"), "reference in float64"
            except torch.OutOfMemoryError:
                why_not = "it runs out of memory"
        untrusted = [f"no right answer: reference: {why_not}"]
        for backend, device in (("cpu", "cpu"), ("triton", self.device)):
            if problem(backend, torch.device(device).type) is None:
                try:
                    return self._second_hand(case, inputs, backend, device)
                except (Untrusted, torch.OutOfMemoryError) as error:
                    untrusted.append(f"{backend}: {describe(error)}")
        return None, "; ".join(untrusted)

    def _second_hand(self, case: Case, inputs: Inputs, backend: str, device: str) -> tuple[Answers, str]:
        """The answers of a backend that agrees with the reference on a shorter case; else it is Untrusted."""
        short = _shorter(case)
        if (backend, short) not in self._checked:
            try:
                error = disagreement(short, backend, torch.float64, device)
            except Exception as failure:
                raise Untrusted(describe(failure)) from failure
            self._checked[backend, short] = error
        agreement = f"{self._checked[backend, short]:.0e} from the reference on {short.shape}"
        if not passes(self._checked[backend, short], torch.float64):
            raise Untrusted(agreement)
        answers = call_with_gradients(case, inputs.double(device), backend)
        return answers, f"{backend} in float64, itself {agreement}"


class Untrusted(Exception):
    """A backend whose float64 answers are not those of the reference."""


def disagreement(case: Case, backend: str, dtype: torch.dtype, device: str, seed: int = 0) -> float:
    """The largest relative error of a backend against the reference in float64, over output and gradients.

    Raises what the backend raises.
    """
    inputs = draw(case, torch.float32 if dtype == torch.float64 else dtype, device, seed)
    wide = inputs.double(device)
    true = call_with_gradients(case, wide, "reference")
    found = call_with_gradients(case, wide if dtype == torch.float64 else inputs, backend)
    return worst(errors(found, true))


def _shorter(case: Case) -> Case:
    """The same channels, states, rank and directions over fewer tokens, in a batch of two at most."""
    for height, width in SHORTER:
        size = (height, width) if case.function == "ss2d_scan" else (height * width,)
        short = replace(case, size=size, batch=min(case.batch, 2))
        if needed_bytes(short, torch.float64) <= ROOM:
            break
    return short


def _synchronise(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _duration(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 120 else f"about {seconds / 60:.0f} min"
