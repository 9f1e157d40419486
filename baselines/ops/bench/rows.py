"""Parity first, then time and memory: the rows of the benchmark."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Literal

import torch

from baselines.ops.bench.cases import Case, Inputs, draw
from baselines.ops.bench.measure import SLOW, Timing, extra_bytes, measure_time, sets_needed
from baselines.ops.bench.truth import TOLERANCE, Answers, Reference, Truth, errors, passes, run_pass, worst
from rebench.predict.imports import describe

State = Literal["timed", "left out", "not checked", "failed parity", "failed"]
WRONG: tuple[State, ...] = ("not checked", "failed parity", "failed")
"""Ways to end that make the exit code 1."""


@dataclass(frozen=True)
class Row:
    """One backend on one case, in one type and one pass.

    Attributes:
        backward: forward and backward together, with the gradients of all inputs; else forward alone.
        state: "timed", or why it is not.
        truth: what its answers were compared with.
        note: what happened, where it is not timed.
        errors: relative L2 errors of the output and of every gradient.
        least_bytes: what must move: every input read once, every output written once.
        extra_bytes: memory beyond inputs and outputs.
        times_reference, times_mamba_ssm: how many times as fast as these.
        share_of_copy: least_bytes per second, as a share of what a copy reads and writes.
    """

    case: Case
    dtype: str
    backward: bool
    backend: str
    state: State
    truth: str
    note: str | None = None
    errors: dict[str, float] | None = None
    timing: Timing | None = None
    least_bytes: int | None = None
    extra_bytes: int | None = None
    times_reference: float | None = None
    times_mamba_ssm: float | None = None
    share_of_copy: float | None = None

    @property
    def bytes_per_second(self) -> float | None:
        """Of those that must move."""
        return self.least_bytes / (self.timing.median / 1000) if self.timing and self.least_bytes else None

    def document(self) -> dict[str, Any]:
        """As a JSON object; an error that is no number is a string."""
        found = asdict(self) | {"shape": self.case.shape, "bytes_per_second": self.bytes_per_second}
        if self.errors is not None:
            found["errors"] = {n: e if isfinite(e) else str(e) for n, e in self.errors.items()}
            found["tolerance"] = TOLERANCE[getattr(torch, self.dtype)]
        return found


class Bench:
    """Measures one case at a time.

    Args:
        copy_rate: bytes per second that a copy on this device reads and writes.
        budget: seconds for the repeats of one row.
        patience: seconds that the reference may take for one call; beyond, it is left out.
        report: is told what is being done.
    """

    def __init__(
        self,
        device: str,
        backends: Sequence[str],
        *,
        copy_rate: float,
        seed: int,
        budget: float,
        patience: float,
        report: Callable[[str], None],
    ) -> None:
        self.device, self.backends, self.seed = device, backends, seed
        self.copy_rate, self.budget = copy_rate, budget
        self._report, self._doing = report, ""
        self._truth, self._reference = Truth(device), Reference(device, patience)

    def rows(self, case: Case, dtype: torch.dtype) -> list[Row]:
        """Every backend in both passes; one whose answers are wrong is not timed."""
        inputs = draw(case, dtype, self.device, self.seed)
        name = str(dtype).removeprefix("torch.")
        self._doing = f"{case.function} {case.shape}, N {case.states}, {name}"
        true, source = None, "nothing: the reference is right by definition"
        if set(self.backends) != {"reference"}:
            self._say("the right answers in float64")
            true, source = self._truth.of(case, inputs)
        blank = Row(case, name, False, "", "timed", source)
        checked = [self._check(replace(blank, backend=name), inputs, true) for name in self.backends]
        del true
        sets = [inputs]
        if any(row.state == "timed" for row in checked):
            sets += [inputs.copy() for _ in range(sets_needed(self.device, inputs.bytes) - 1)]
        rows = [
            self._measure(replace(row, backward=backward), sets)
            for backward in (False, True)
            for row in checked
        ]
        return [self._compare(row, rows) for row in rows]

    def _say(self, what: str) -> None:
        self._report(f"{self._doing}: {what}")

    def _check(self, row: Row, inputs: Inputs, true: Answers | None) -> Row:
        """Whether its answers on these very inputs are right; the reference is right by definition."""
        if row.backend == "reference":
            return row
        if true is None:
            return replace(row, state="not checked", note=row.truth)
        self._say(f"parity of {row.backend}")
        dtype = inputs.dy.dtype
        try:
            found = errors(run_pass(row.case, inputs, row.backend, backward=True), true)
            alone = errors(run_pass(row.case, inputs, row.backend, backward=False), {"y": true["y"]})
        except torch.OutOfMemoryError:
            return replace(row, state="left out", note="out of memory")
        except Exception as error:
            return replace(row, state="failed", note=describe(error))
        found["y"] = worst({"with": found["y"], "without": alone["y"]})
        wrong = {name: error for name, error in found.items() if not passes(error, dtype)}
        if not wrong:
            return replace(row, errors=found)
        named = ", ".join(f"{name} by {error:.1e}" for name, error in wrong.items())
        return replace(
            row, state="failed parity", errors=found, note=f"off: {named}; tolerance {TOLERANCE[dtype]:.0e}"
        )

    def _measure(self, row: Row, sets: Sequence[Inputs]) -> Row:
        case, slow = row.case, row.backend == "reference"
        if row.state != "timed":
            return row
        if slow and (refusal := self._reference.refusal(case, sets[0].dy.dtype, row.backward)):
            return replace(row, state="left out", note=refusal)
        self._say(f"{row.backend}, {'forward and backward' if row.backward else 'forward'}")

        def call(i: int) -> Answers:
            return run_pass(case, sets[i % len(sets)], row.backend, row.backward)

        written = sets[0].dy.nbytes  # y is like the gradient that arrives at it
        if row.backward:
            written += sum(t.nbytes for t in sets[0].tensors.values())
        least = sets[0].bytes + written + (sets[0].dy.nbytes if row.backward else 0)
        try:
            timing = measure_time(call, self.device, self.budget, may_be_slow=slow)
            once_more = not slow or timing.median < 1000 * SLOW
            extra = extra_bytes(call, self.device, written) if once_more else None
        except torch.OutOfMemoryError:
            return replace(row, state="left out", note="out of memory")
        share = least / (timing.median / 1000) / self.copy_rate
        return replace(row, timing=timing, least_bytes=least, extra_bytes=extra, share_of_copy=share)

    def _compare(self, row: Row, rows: Sequence[Row]) -> Row:
        """How many times as fast as the reference and as mamba_ssm in the same pass."""
        medians = {r.backend: r.timing.median for r in rows if r.timing and r.backward == row.backward}
        if not row.timing:
            return row
        reference, mamba = (medians.get(name) for name in ("reference", "mamba_ssm"))
        return replace(
            row,
            times_reference=reference and reference / row.timing.median,
            times_mamba_ssm=mamba and mamba / row.timing.median,
        )
