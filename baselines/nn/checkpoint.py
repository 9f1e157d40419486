"""Weights from elsewhere: files read without running code, and tensors that must fit by name and shape."""

import logging
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from rebench.errors import RebenchError

_log = logging.getLogger(__name__)

SWIN_NORMS = r".*hidden_states_norms\."
"""For `pretrained`: the norms on the levels of a SwinBackbone, which no published Swin has."""


def read_state(file: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or of a PyTorch checkpoint.

    A checkpoint is read with `weights_only=True`: no code in it runs. What it holds beside tensors (options,
    a date) is read as inert placeholders and left. The weights may lie under "model" or "state_dict".

    Raises:
        RebenchError: no such file, a damaged one, or one without tensors.
    """
    file = Path(file)
    if not file.is_file():
        raise RebenchError(f"no weights file {file}")
    content = _safetensors(file) if file.suffix == ".safetensors" else _checkpoint(file)
    for name in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    tensors = {}
    if isinstance(content, Mapping):
        tensors = {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, Tensor)}
    if not tensors:
        raise RebenchError(f"{file} has no tensors by name, nor any under 'model' or 'state_dict'")
    return tensors


def _safetensors(file: Path) -> Any:
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise RebenchError(f"{file} is not a whole safetensors file: {error}") from error


def _checkpoint(file: Path) -> Any:
    failed: Exception | None = None
    for kind in (_EmptyDict, _Inert):  # as dicts, options of most classes can be filled; a few cannot
        try:
            with _placeholders(file, kind):
                return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file fails in any way
            failed = error
    raise RebenchError(
        f"{file} cannot be read as weights alone ({_reason(failed)}): save its tensors as safetensors"
    ) from failed


def _reason(error: Exception | None) -> str:
    """What PyTorch stumbled over; the advice around it, to run the file's code, is not ours to give."""
    text = str(error)
    own = text.partition("WeightsUnpickler error:")[2].strip() or text.strip() or type(error).__name__
    return own.splitlines()[0]


class _Inert:
    """Stands for an object of a class that is not loaded; keeps nothing."""

    def __init__(self, *args: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class _EmptyDict(_Inert):
    """The same; made without arguments it is a dict, which PyTorch fills where it would fill nothing else.

    Options are often of a subclass of dict (yacs' CfgNode in VMamba's checkpoints) or of a plain class.
    """

    def __new__(cls, *args: Any) -> Any:
        return super().__new__(cls) if args and cls.__name__ != "defaultdict" else OrderedDict()


def _placeholders(file: Path, kind: type[_Inert]) -> Any:
    """A context in which every class and function that the file names is a stand-in that does nothing."""
    find = getattr(torch.serialization, "get_unsafe_globals_in_checkpoint", None)  # since PyTorch 2.6
    try:
        names = find(file) if find else []
    except Exception:  # an old or a damaged file: loading it will say so
        names = []

    def stand_in(name: str) -> type[_Inert]:
        module, _, attribute = name.rpartition(".")
        return type(attribute, (kind,), {"__module__": module, "__qualname__": attribute})

    return torch.serialization.safe_globals([stand_in(name) for name in names]) if names else nullcontext()


def as_tensors(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Copies of the tensors (or arrays) of a state dict, floats in at least float32, without "module."."""
    tensors = {}
    for name, value in state.items():
        tensor = torch.as_tensor(value).detach().clone()
        if tensor.is_floating_point():
            tensor = tensor.to(torch.promote_types(tensor.dtype, torch.float32))
        tensors[name.removeprefix("module.")] = tensor
    return tensors


def count(state: Iterable[str], prefix: str) -> int:
    """How many numbered modules lie under a prefix: `prefix.0.`, `prefix.1.`, ...

    Raises:
        RebenchError: none does.
    """
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d+)\.")
    numbers = {int(found[1]) for name in state if (found := pattern.match(name))}
    if not numbers:
        raise RebenchError(f"these weights have no tensor {prefix}.0.*: they are of another model")
    return max(numbers) + 1


def shape(state: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """The shape of a tensor.

    Raises:
        RebenchError: there is none of that name.
    """
    if name not in state:
        raise RebenchError(f"these weights have no tensor {name}: they are of another model")
    return tuple(state[name].shape)


def pretrained(kind: Any, source: str | Path, spare: str = "", **options: Any) -> Any:
    """A transformers model in float32 with all of its weights, of a name on the hub or a folder.

    transformers fills what a file lacks with random numbers and goes on; here that is an error.

    Args:
        kind: the class.
        spare: a regular expression; tensors whose names it matches at the beginning may be missing.
        options: for `kind.from_pretrained`.

    Raises:
        ValueError: tensors are missing.
        OSError, RuntimeError: as `from_pretrained`.
    """
    model, said = kind.from_pretrained(source, output_loading_info=True, **options)
    missing = sorted(name for name in said["missing_keys"] if not (spare and re.match(spare, name)))
    if missing:
        raise ValueError(f"{source} lacks {len(missing)} tensors of a {kind.__name__} ({_first(missing)})")
    return model.float()


def adopt(model: nn.Module, state: Mapping[str, Tensor], source: str, strict: bool = True) -> None:
    """Put tensors into a model by name, in their own types. A model on the meta device becomes real.

    Args:
        model: its tensors are replaced.
        state: by name; they are taken, not copied.
        source: what they come from, for the message.
        strict: whether a difference is an error. Otherwise it is logged as a warning, and what fits is taken.

    Raises:
        RebenchError: tensors are missing, unexpected or of another shape; all are counted, the first named.
    """
    own = model.state_dict()
    shared = own.keys() & state.keys()
    differences = {
        "missing": sorted(own.keys() - state.keys()),
        "unexpected": sorted(state.keys() - own.keys()),
        "of another shape": sorted(k for k in shared if own[k].shape != state[k].shape),
    }
    if any(differences.values()):
        text = "; ".join(
            f"{len(names)} {what} ({_first(names)})" for what, names in differences.items() if names
        )
        if strict:
            raise RebenchError(f"{source} do not fit this model: tensors {text}")
        _log.warning("%s do not fit this model wholly: tensors %s", source, text)
    fitting = {k: state[k] for k in shared if own[k].shape == state[k].shape}
    model.load_state_dict(fitting, strict=False, assign=True)


def _first(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
