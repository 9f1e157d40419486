"""What a training needs to go on as if it had never stopped: in one file, written whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from baselines.nn.files import whole
from baselines.train.precision import Precision
from rebench.errors import RebenchError


@dataclass
class State:
    """All that changes while a model is trained.

    Attributes:
        average: of the weights, None where none is kept.
        step: how many are done.
        best: the highest value of the selected metric so far.
        loss: sum of the losses since the last check, and how many they are.
        seconds: spent, of all sessions together.
    """

    model: nn.Module
    average: AveragedModel | None
    optimizer: torch.optim.Optimizer
    precision: Precision
    loss: Tensor
    step: int = 0
    best: float | None = None
    seconds: float = 0.0


def save(file: Path, state: State, identity: Mapping[str, Any]) -> None:
    """Write a state, with what must be the same when it is continued. Frozen tensors are left out.

    Raises:
        RebenchError: it cannot be written; the file is as it was.
    """
    frozen = _frozen(state.model)
    content = {
        "step": state.step,
        "recipe": _plain(identity),
        "model": _without(state.model.state_dict(), frozen),
        "average": state.average and _without(state.average.state_dict(), frozen, "module."),
        "optimizer": state.optimizer.state_dict(),
        "scaler": state.precision.scaler.state_dict(),
        "best": state.best,
        "loss": state.loss,
        "seconds": state.seconds,
    }
    with whole(file) as part:
        torch.save(content, part)


def resume(file: Path, state: State, identity: Mapping[str, Any]) -> None:
    """Continue where the file stands; without a file, nothing changes.

    Raises:
        RebenchError: it is of another recipe, or damaged.
    """
    if not file.exists():
        return
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        _refuse_another(file, content["recipe"], _plain(identity))
        _put(content, state)
    except RebenchError:
        raise
    except Exception as error:  # a damaged file fails in any way
        raise RebenchError(
            f"{file} is damaged, or of another model: use another --out, or --fresh to begin anew"
        ) from error


def _put(content: Mapping[str, Any], state: State) -> None:
    frozen = _frozen(state.model)
    _load(state.model, content["model"], frozen)
    if state.average is not None:
        _load(state.average, content["average"], {f"module.{name}" for name in frozen})
    state.optimizer.load_state_dict(content["optimizer"])
    if scaler := content.get("scaler"):
        state.precision.scaler.load_state_dict(scaler)
    state.step, state.best = int(content["step"]), content.get("best")
    state.loss.copy_(content.get("loss", torch.zeros(2)))
    state.seconds = content.get("seconds", 0.0)


def _refuse_another(file: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if differing:
        name = differing[0]
        change = f"{name} was {old.get(name)}, is {new.get(name)}"
        more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
        raise RebenchError(
            f"{file} belongs to another recipe ({change}{more}): use another --out, or --fresh to begin anew"
        )


def _frozen(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if not parameter.requires_grad}


def _without(tensors: Mapping[str, Any], names: set[str], prefix: str = "") -> dict[str, Any]:
    return {name: tensor for name, tensor in tensors.items() if name.removeprefix(prefix) not in names}


def _load(module: nn.Module, tensors: Mapping[str, Any], frozen: set[str]) -> None:
    missing, unexpected = module.load_state_dict(tensors, strict=False)
    if unexpected or set(missing) - frozen:
        raise RebenchError("the checkpoint is of another model: use another --out, or --fresh to begin anew")


def _plain(value: Any) -> Any:
    """As JSON gives it back: tuples are lists."""
    return json.loads(json.dumps(value))
