"""The training loop: deterministic by seed, resumable to the same result, in one process or several."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from baselines.nn.files import make_folder
from baselines.train import checkpoint
from baselines.train.checkpoint import State
from baselines.train.interrupt import Interrupt
from baselines.train.log import Log
from baselines.train.precision import Precision
from baselines.train.processes import ALONE, Processes
from rebench.errors import RebenchError

Report = Callable[[int, dict[str, float]], None]
"""Is told the step, and what was measured there, if anything was."""
Loss = Callable[[nn.Module, int, int], Tensor]
"""The mean loss of a model on this process's share of a step, and of that on one part; both from 0."""
Check = Callable[[nn.Module], dict[str, float]]
"""What is worth knowing of a model in training: names and values for the log."""
Rate = Callable[[int, dict[str, Any]], float]
"""The learning rate of a group of parameters at a step from 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a model is trained, and what is kept of it.

    Attributes:
        identity: what must be the same when the training is continued; as JSON.
        check_every: steps between checks; each is followed by a checkpoint.
        save_every: steps between further checkpoints.
        accumulate: parts of a step whose gradients are added up.
        clip: largest norm of the gradient.
        ema: decay of the averaged weights, which are checked and returned then; None for the weights as
            they are.
        select: of what `check` measures, that whose highest value is the best.
    """

    identity: Mapping[str, Any]
    steps: int
    check_every: int
    save_every: int | None = None
    accumulate: int = 1
    clip: float | None = None
    ema: float | None = None
    select: str | None = None
    seed: int = 0

    def due(self, step: int) -> tuple[bool, bool]:
        """Whether a check is due after a step, and whether a checkpoint is."""
        checked = step % self.check_every == 0 or step == self.steps
        return checked, checked or (self.save_every is not None and step % self.save_every == 0)


def optimise(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    rate: Rate,
    loss_of: Loss,
    check: Check,
    plan: Plan,
    folder: Path,
    report: Report,
    *,
    fresh: bool = False,
    ready: Callable[[int], None] | None = None,
    keep: Callable[[nn.Module], None] | None = None,
    tensorboard: bool = False,
    processes: Processes = ALONE,
    precision: Precision | None = None,
) -> nn.Module:
    """Train `model` in place; returns it, or its averaged copy, in evaluation mode.

    A checkpoint in `folder` is continued, to the same weights as without the interruption (to the bit on one
    CPU and one version of PyTorch). Of several processes the first alone writes and reports; all check.

    Ctrl-C or SIGTERM ends it after the step it is at, with a checkpoint of that step.

    Args:
        ready: is told the step it begins at, once the checkpoint is read.
        keep: is given the weights whenever `plan.select` is higher than ever before.

    Raises:
        RebenchError: a checkpoint of another recipe, a loss that is no number, a disk that refuses.
        KeyboardInterrupt: it was interrupted.
    """
    make_folder(folder)
    file = folder / "checkpoint.pt"
    precision = precision or Precision()
    losses = torch.zeros(2, device=next(model.parameters()).device)
    state = State(model, _average(model, plan.ema), optimizer, precision, losses)
    if not fresh:
        checkpoint.resume(file, state, plan.identity)
    log = Log(folder, tensorboard) if processes.first else None
    if log:
        log.begin(state.step)
        if ready:
            ready(state.step)
    objective = processes.share(_Objective(model, loss_of))
    watched: nn.Module = model if state.average is None else state.average.module
    began = time.monotonic() - state.seconds
    with Interrupt() as interrupt:
        while state.step < plan.steps:
            _step(objective, state, rate, plan, processes)
            state.seconds = time.monotonic() - began
            checked, due = plan.due(state.step)
            row: dict[str, float] = {}
            if due:
                loss = _mean_loss(state, processes)  # weights that are no numbers never become a checkpoint
            if checked:
                state.loss.zero_()
                row = {"loss": loss, **_spent(state), **check(watched.eval())}
                if _is_best(state, row, plan) and keep and processes.first:
                    keep(watched)  # before the checkpoint: a training that dies between them does this again
            if processes.first and (due or interrupt.asked) and state.loss.isfinite().all():
                checkpoint.save(file, state, plan.identity)
            if log and checked:
                log.add(state.step, row)
            if processes.first and (checked or state.step % 20 == 0):
                report(state.step, row)
            if interrupt.asked:
                raise KeyboardInterrupt
    processes.wait()
    return watched.eval()


class _Objective(nn.Module):
    """A model and its loss as one module, as DDP wants it: what is called is what shares gradients."""

    def __init__(self, model: nn.Module, loss_of: Loss) -> None:
        super().__init__()
        self.model, self.loss_of = model, loss_of

    def forward(self, step: int, part: int) -> Tensor:
        return self.loss_of(self.model, step, part)


def _step(objective: nn.Module, state: State, rate: Rate, plan: Plan, processes: Processes) -> None:
    """One update of the weights."""
    for group in state.optimizer.param_groups:
        group["lr"] = rate(state.step, group)
    # Nothing random may depend on where it resumed; every process draws something else.
    torch.manual_seed(plan.seed * 1_000_003 + state.step + 500_009 * processes.rank)
    objective.train()
    state.optimizer.zero_grad(set_to_none=True)
    for part in range(plan.accumulate):
        last = part + 1 == plan.accumulate
        with objective.no_sync() if isinstance(objective, DDP) and not last else nullcontext():
            with state.precision():
                loss = objective(state.step, part) / plan.accumulate
            state.precision.backward(loss)
        state.loss += torch.stack([loss.detach().float(), loss.new_tensor(1 / plan.accumulate).float()])
    state.precision.update(state.optimizer, state.model, plan.clip)
    if state.average is not None:
        state.average.update_parameters(state.model)
    state.step += 1


def _is_best(state: State, row: Mapping[str, float], plan: Plan) -> bool:
    """Whether the selected metric is higher than ever before, which is noted."""
    if plan.select is None or (state.best is not None and row[plan.select] <= state.best):
        return False
    state.best = row[plan.select]
    return True


def _spent(state: State) -> dict[str, float]:
    """The highest rate, and the time."""
    return {"lr": max(group["lr"] for group in state.optimizer.param_groups), "seconds": state.seconds}


def _mean_loss(state: State, processes: Processes) -> float:
    """The mean loss of all processes since the last check. Raises RebenchError if it is no number."""
    total, count = processes.mean(state.loss).tolist()
    if not abs(total) < float("inf"):
        raise RebenchError(
            f"the loss is no number before step {state.step}: the last checkpoint stands; try a lower lr, "
            "or amp=bf16 instead of fp16"
        )
    return total / max(count, 1e-9)


def _average(model: nn.Module, decay: float | None) -> AveragedModel | None:
    if decay is None:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
