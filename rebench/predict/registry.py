"""From the name of a model to a predictor: registered names, `module:Class`, `path/to/file.py:Class`."""

import hashlib
import inspect
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import rebench
from rebench.errors import RebenchError
from rebench.predict.device import Device, find_device
from rebench.predict.imports import call_foreign, import_file, import_module
from rebench.predict.interface import UNTRAINED, ModelCard, Predictor
from rebench.predict.sources import source_hash
from rebench.store.record import ModelRecord

GROUP = "rebench.predictors"

OPTIONS = ("variant", "weights", "device", "seed")
"""What a class or factory may have as parameters."""


@dataclass(frozen=True, slots=True)
class FoundPredictor:
    """A model that exists, not yet loaded.

    Attributes:
        spec: as it was asked for, "safire:tiny".
        name: without its variant, "safire".
        variant: "tiny"; None where none was given.
        factory: a class, a function, or a predictor that is already there.
        weights: a file that is to be loaded into it, or the word "untrained".
        code_sha256: see `sources.source_hash`; None for the models of rebench.
    """

    spec: str
    name: str
    variant: str | None
    factory: Any
    weights: Path | str | None = None
    code_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedPredictor:
    """A model that is ready, with what is to be written down of it.

    Attributes:
        spec: as it was asked for; names the folder of its runs.
        predictor: has `predict`.
        card: its own, or one made from its name.
        record: the same as it stands in `run.json`.
        device: where it was put; None where it takes no device.
    """

    spec: str
    predictor: Predictor
    card: ModelCard
    record: ModelRecord
    device: Device | None = None


def registered() -> dict[str, list[EntryPoint]]:
    """Every registered name with who claims it, in alphabetical order. Imports none of them."""
    claims: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, claimant(entry))):
        claims.setdefault(entry.name, []).append(entry)
    return claims


def claimant(entry: EntryPoint) -> str:
    """The distribution behind a registered name."""
    return entry.dist.name if entry.dist else "an unknown distribution"


def load(found: FoundPredictor, *, device: str = "auto", seed: int = 0) -> LoadedPredictor:
    """Makes the predictor.

    Its class or factory is called with those of `variant`, `weights`, `device`, `seed` that it has as
    parameters; variant and weights only where they were given.

    Raises:
        RebenchError: the code fails, what it gives has no `predict`, there is no such device.
    """
    names = _parameters(found.factory)
    place = find_device(device) if "device" in names or device != "auto" else None
    given = {"variant": found.variant, "weights": found.weights}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if place and "device" in names:
        options["device"] = place.spec
    if "seed" in names:
        options["seed"] = seed
    predictor = found.factory
    if _is_factory(predictor):
        predictor = call_foreign(predictor, options, f"model {found.spec!r} could not be loaded")
    return _describe(found, predictor, place if "device" in names else None)


def wrap(predictor: Any) -> LoadedPredictor:
    """A predictor that is already there, named after its card or class. Raises RebenchError for a class."""
    if isinstance(predictor, type):
        name = predictor.__name__
        raise RebenchError(f"{name} is a class, not a predictor: give an instance: {name}()")
    kind = type(predictor)
    card = getattr(predictor, "card", None)
    if isinstance(card, ModelCard):
        name, variant = card.name, card.variant
    else:
        name, variant = f"{kind.__module__}:{kind.__qualname__}", None
    spec = f"{name}:{variant}" if variant else name
    found = FoundPredictor(spec, name, variant, predictor, code_sha256=source_hash(kind))
    return _describe(found, predictor, None)


def find(spec: str, weights: str | Path | None = None) -> FoundPredictor:
    """Looks a model up and imports its code, without loading the model. A registered name wins.

    Args:
        spec: `name`, `name:variant`, `module:Class` or `path/to/file.py:Class`.
        weights: a file for it, or "untrained" for random ones (a file of that name: give its whole path).

    Raises:
        RebenchError: no such model (with the names that come near), code that cannot be imported or is
            no predictor, no such weights, a model that takes no variant or weights but was given some.
    """
    name, colon, variant = spec.partition(":")
    claims = registered()
    if name in claims:
        if colon and not variant:
            raise RebenchError(f"{spec!r} ends without a variant: `rebench models` lists them")
        factory = _import_entry(name, claims[name])
        # the code of our own models is that of this version of rebench, which run.json names
        code = None if _is_ours(claims[name][0]) else source_hash(factory)
        found = FoundPredictor(spec, name, variant or None, factory, code_sha256=code)
    else:
        found = _find_elsewhere(spec, list(claims))
    if not (_predicts(found.factory) or (callable(found.factory) and not isinstance(found.factory, type))):
        raise RebenchError(f"{spec!r} is no predictor: it has no method predict(image, expressions)")
    found = replace(found, weights=_weights_file(weights))
    _check_parameters(found)
    return found


def _import_entry(name: str, claims: list[EntryPoint]) -> Any:
    if len(claims) > 1:
        who = " and ".join(f"{claimant(entry)} ({entry.value})" for entry in claims)
        raise RebenchError(f"{who} both register a model {name!r}: uninstall one, or give module:Class")
    return call_foreign(claims[0].load, {}, f"model {name!r} of {claimant(claims[0])} could not be imported")


def _find_elsewhere(spec: str, names: list[str]) -> FoundPredictor:
    place, colon, attribute = spec.rpartition(":")
    if spec.endswith(".py"):
        raise RebenchError(f"{spec!r} names a file but no class in it: give {spec}:Class")
    if not colon or not place or not attribute.isidentifier():
        raise _unknown(spec, names)
    if place.endswith(".py"):
        module = import_file(Path(place))
        spec = f"{Path(place)}:{attribute}"  # ./m.py and m.py are one model
    elif all(part.isidentifier() for part in place.split(".")):
        try:
            module = import_module(place)
        except ModuleNotFoundError:
            raise _unknown(spec, names) from None
    else:
        raise _unknown(spec, names)
    if not hasattr(module, attribute):
        near = get_close_matches(attribute, vars(module))
        raise RebenchError(f"{place} has no {attribute!r}" + (f": did you mean {near[0]}?" if near else ""))
    return FoundPredictor(spec, spec, None, getattr(module, attribute), code_sha256=source_hash(module))


def _unknown(spec: str, names: list[str]) -> RebenchError:
    shown = spec if len(spec) <= 80 else spec[:79] + "…"
    near = get_close_matches(spec.partition(":")[0], names, n=3, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif not names and rebench.__version__ == "0+unknown":
        hint = "this checkout of rebench is not installed, so no names are registered: pip install -e ."
    else:
        hint = (
            "`rebench models` lists the names; a class of your own is module:Class or path/to/file.py:Class"
        )
    return RebenchError(f"unknown model {shown!r}: {hint}")


def _is_ours(entry: EntryPoint) -> bool:
    return entry.value.partition(".")[0] in ("baselines", "rebench")


def _is_factory(factory: Any) -> bool:
    """Whether it has to be called to get a predictor: a class, or a function; not an object that predicts."""
    return isinstance(factory, type) or (callable(factory) and not _predicts(factory))


def _predicts(thing: Any) -> bool:
    return callable(getattr(thing, "predict", None))


def _parameters(factory: Any) -> dict[str, bool]:
    """The keywords it has, and whether each must be given; of one that takes any, the two a user gives."""
    if not _is_factory(factory):
        return {}
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # built in, without a signature
        return {}
    # torch.nn.Module has **kwargs and refuses every one: only what was asked for goes there
    swallows = any(p.kind is p.VAR_KEYWORD for p in parameters)
    collecting = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {p.name: p.default is p.empty for p in parameters if p.kind not in collecting}
    return (dict.fromkeys(("variant", "weights"), False) if swallows else {}) | named


def _check_parameters(found: FoundPredictor) -> None:
    """Raises RebenchError for a model that wants what we do not have, or not what it was given."""
    needs = _parameters(found.factory)
    if strange := [name for name, must in needs.items() if must and name not in OPTIONS]:
        raise RebenchError(
            f"model {found.spec!r} needs arguments that rebench does not have: {', '.join(strange)}"
        )
    if found.weights is not None and "weights" not in needs:
        raise RebenchError(f"model {found.spec!r} takes no weights: leave out --weights")
    if found.variant is not None and "variant" not in needs:
        raise RebenchError(f"model {found.name!r} has no variants: leave out {':' + found.variant!r}")
    if found.weights is None and needs.get("weights"):
        raise RebenchError(f"model {found.spec!r} needs weights: give --weights")
    if found.variant is None and needs.get("variant"):
        raise RebenchError(f"model {found.spec!r} needs a variant: give {found.spec}:VARIANT")


def _weights_file(weights: str | Path | None) -> Path | str | None:
    if weights is None:
        return None
    if str(weights) == UNTRAINED:
        return UNTRAINED
    try:
        if Path(weights).is_file():
            return Path(weights)
    except ValueError:  # a NUL in the name
        pass
    raise RebenchError(f"no weights file {str(weights)!r}")


def _describe(found: FoundPredictor, predictor: Any, device: Device | None) -> LoadedPredictor:
    if not _predicts(predictor):
        kind = type(predictor).__name__
        raise RebenchError(f"{found.spec!r} gave {kind!r}, which has no method predict(image, expressions)")
    card = call_foreign(lambda: getattr(predictor, "card", None), {}, f"card of model {found.spec!r}")
    if not isinstance(card, ModelCard):
        card = ModelCard(found.name)
    if card.variant is None and found.variant is not None:
        card = replace(card, variant=found.variant)
    if isinstance(found.weights, Path) and card.weights_sha256 is None:
        name = card.weights or found.weights.name
        card = replace(card, weights=name, weights_sha256=_sha256(found.weights))
    trained_on = list(card.trained_on) if isinstance(card.trained_on, tuple | list) else card.trained_on
    said = asdict(card) | {"name": found.name, "trained_on": trained_on, "code_sha256": found.code_sha256}
    record = ModelRecord.checked(said, f"card of model {found.spec!r}")
    return LoadedPredictor(found.spec, predictor, card, record, device)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
