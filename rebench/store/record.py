"""`run.json`: what was run, on what, where and with which outcome; typed and versioned."""

import json
import re
import types
import typing
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from operator import attrgetter
from typing import Any, Literal, Self

from rebench.data.split import Counts, Split
from rebench.errors import RebenchError

SCHEMA_VERSION = 1

Status = Literal["complete", "partial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The model that predicted: the fields of its card, and what identifies its code.

    Attributes:
        name: the registered name, or `module:Class`, or `path/to/file.py:Class`.
        code_sha256: hash of the source of a predictor that is none of rebench's.
    """

    name: str
    variant: str | None = None
    weights: str | None = None
    weights_sha256: str | None = None
    parameters: int | None = None
    licence: str | None = None
    paper: str | None = None
    trained_on: tuple[str, ...] = ()
    backend: str | None = None
    dtype: str | None = None
    code_sha256: str | None = None
    warning: str | None = None

    @classmethod
    def checked(cls, fields: dict[str, Any], where: str) -> Self:
        """A record of these fields. Raises RebenchError naming the one that is of another type."""
        return typing.cast(Self, _build(cls, fields, where, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRecord:
    """The split as it lay on disk: a subset has another manifest than the whole, and says so."""

    name: str
    manifest_sha256: str
    images: int | None = None
    refs: int | None = None
    expressions: int
    official: Counts | None = None
    whole: bool
    coverage: str
    labels: str

    @classmethod
    def of(cls, split: Split) -> Self:
        """The record of a split."""
        return cls(
            name=split.name,
            manifest_sha256=split.manifest.sha256,
            images=split.counts.images,
            refs=split.counts.refs,
            expressions=len(split.samples),
            official=split.official,
            whole=split.whole,
            coverage=split.coverage,
            labels=split.labels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where it ran.

    Attributes:
        device: "cpu" or "cuda"; None where the predictor chose for itself, or nothing was computed.
        scan_backend: what computed the selective scan, where the model has one.
        commit: of the source checkout that rebench ran from; None where it was installed.
        dirty: whether that checkout had changes.
    """

    rebench: str
    python: str
    numpy: str | None = None
    torch: str | None = None
    platform: str
    device: str | None = None
    device_name: str | None = None
    scan_backend: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCounts:
    """How many expressions of the split have a mask, have an error, have neither yet."""

    ok: int = 0
    failed: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The whole of `run.json`.

    Attributes:
        status: "complete" once every expression of the split has a mask or an error.
        source: "run" for our own predictions, "imported" for somebody's file.
        source_sha256: hash of that file.
        logits: "float16" where the run keeps its logits; its masks are made from them as they are kept.
        started, finished: UTC, ISO 8601; `finished` is None until a session ends in order.
        resumed: the environments of later sessions, where they differ from the first.
    """

    schema_version: int = SCHEMA_VERSION
    status: Status = "partial"
    model: ModelRecord
    split: SplitRecord
    protocol: str
    environment: Environment
    seed: int = 0
    source: str = "run"
    source_sha256: str | None = None
    logits: str | None = None
    started: str
    finished: str | None = None
    counts: StatusCounts = StatusCounts()
    resumed: tuple[Environment, ...] = ()

    def to_json(self) -> str:
        """The text of `run.json`; in ASCII, because names of files need not be Unicode."""
        return json.dumps(self.as_dict(), indent=2) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Self:
        """Reads `run.json`; fields that this version does not know are passed over.

        Args:
            text: the contents of the file.
            where: its name, for the error.

        Raises:
            RebenchError: not JSON, a field is missing or of another type, or a newer rebench wrote it.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RebenchError(f"{where} is not JSON ({error}): begin anew with --fresh") from error
        version = document.get("schema_version") if isinstance(document, dict) else None
        if not isinstance(version, int) or version < 1:
            raise RebenchError(f"{where} has no schema_version: it is not the record of a run")
        if version > SCHEMA_VERSION:
            raise RebenchError(
                f"{where} was written by a newer rebench (schema_version {version}, this one reads up to"
                f" {SCHEMA_VERSION}): upgrade rebench-ris"
            )
        return typing.cast(Self, _build(cls, document, where, ""))

    def differences(self, now: "RunRecord") -> list[str]:
        """What keeps `now` from continuing this run, one phrase per field; empty if nothing does."""
        return [
            f"{name} was {_short(old)}, now {_short(new)}"
            for name in _IDENTITY
            if (old := attrgetter(name)(self)) != (new := attrgetter(name)(now))
        ]


_IDENTITY = (
    "model.name",
    "model.variant",
    "model.weights_sha256",
    "model.code_sha256",
    "model.backend",
    "model.dtype",
    "split.name",
    "split.manifest_sha256",
    "protocol",
    "environment.device",
    "environment.rebench",
    "seed",
    "source",
    "source_sha256",
    "logits",
)
"""Everything that changes the answer. A run is continued only where all of it agrees."""


def _short(value: Any) -> str:
    """A value, of a hash the beginning."""
    return f"{value[:12]}…" if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else repr(value)


def _build(cls: type, document: Any, where: str, at: str) -> Any:
    """A dataclass from a JSON object, its fields checked against their annotations."""
    if not isinstance(document, dict):
        raise RebenchError(f"{where}: {at.rstrip('.')!r} is not an object")
    hints = typing.get_type_hints(cls)
    known = [f.name for f in fields(cls) if f.name in document]
    for f in fields(cls):
        if f.name not in known and f.default is MISSING and f.default_factory is MISSING:
            raise RebenchError(f"{where} lacks {at + f.name!r}: it is not the record of a run")
    return cls(**{name: _convert(hints[name], document[name], where, at + name) for name in known})


def _convert(hint: Any, value: Any, where: str, at: str) -> Any:
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if is_dataclass(hint):
        return _build(typing.cast(type, hint), value, where, at + ".")
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], item, where, at) for item in value)
    if origin is dict and isinstance(value, dict):
        return value
    if isinstance(hint, type) and isinstance(value, hint):
        return value
    raise RebenchError(f"{where}: {at!r} cannot be {value!r}")
