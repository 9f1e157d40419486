"""The records of the ledger: one JSON object per line, the fields and vocabularies of each as types."""

import json
import math
import types
import typing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

Metric = Literal["oiou", "miou", "pr50", "pr60", "pr70", "pr80", "pr90", "oiou_delta"]
Confidence = Literal["high", "medium-high", "medium", "low-medium", "low"]
CorrectedField = Literal["value", "split", "row_label", "backbone", "text_encoder"]

SPLITS = {
    "refcoco": ("val", "testA", "testB"),
    "refcoco+": ("val", "testA", "testB"),
    "refcocog": ("val(U)", "test(U)", "val(G)"),
    "arefcoco": ("test",),
    "phrasecut": ("test",),
    "grefcoco": ("val", "testA", "testB", "avg"),
}
"""The splits of every data set that results are of, in the order of the papers; `avg` is a printed mean."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paper:
    """A source: a paper, or what stands beside one (a README, code, a note)."""

    id: str
    name: str
    venue: str
    kind: Literal["paper", "readme", "code", "note"]


@dataclass(frozen=True, slots=True)
class Result:
    """A cell of a results table; leaderboards/published/README.md says what each field means.

    Attributes:
        metric: as the paper labels it.
        likely_metric: what the number is by our verdict; "disputed" where sources disagree and none is known.
        value: percent, or points for a gain.
    """

    id: str
    paper: str
    table: str
    row_label: str
    model: str
    variant: str | None
    backbone: str | None
    text_encoder: str | None
    training: Literal["single", "mixed", "mixed+ft"] | None
    training_basis: Literal["stated", "assumed"] | None
    dataset: str
    split: str
    split_as_labelled: str | None
    metric_as_labelled: str | None
    metric: Metric
    likely_metric: Metric | Literal["disputed"]
    value: float
    printed: str
    is_own_result: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What a paper says that a model costs."""

    id: str
    paper: str
    table: str
    row_label: str
    model: str
    variant: str | None
    quantity: str
    unit: str
    value: float
    printed: str
    is_own_result: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Unstated:
    """What a paper leaves open about a quantity of its own: needed to measure the same."""

    paper: str
    quantity: str
    unstated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetFact:
    """What a source says of a data set; without a value the note says it."""

    id: str
    paper: str
    section: str
    dataset: str
    split: str
    quantity: str
    value: float | None
    unit: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of training or inference; null with a note where the source does not state it."""

    id: str
    paper: str
    source_kind: str
    section: str
    model: str
    param: str
    value: str | float | None
    unit: str | None
    applies_to: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A source outside the papers that a verdict rests on."""

    id: str
    source: str
    kind: str
    fact: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A disagreement, with our verdict.

    Attributes:
        evidence: ids of `Evidence`.
        rows: ids of what it is about, in any of the files.
    """

    id: str
    kind: str
    severity: Literal["high", "medium", "low"]
    subject: str
    claims: tuple[str, ...]
    verdict: str
    reason: str
    confidence: Confidence
    evidence: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A verdict as data: what a table shows in the place of what was printed.

    Attributes:
        conflict: id of the conflict whose verdict it is.
        rows: ids of the results it holds for, all of that conflict.
        field: the field of these results.
        printed: what stands there.
        corrected: what takes its place; a number as text for "value".
    """

    conflict: str
    rows: tuple[str, ...]
    field: CorrectedField
    printed: str
    corrected: str


def parse(kind: type[T], path: Path) -> tuple[list[T], list[str]]:
    """The records of a file, and what is wrong with the lines that are none ("results.jsonl:7: ...")."""
    records, problems = list[T](), list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            records.append(_record(kind, json.loads(line)))
        except (ValueError, RecursionError) as error:
            problems.append(f"{path.name}:{number}: {error}")
    return records, problems


def _record(kind: type[T], document: Any) -> T:
    """Raises ValueError naming the field that is wrong."""
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    hints = _hints(typing.cast(type, kind))
    if missing := [name for name in hints if name not in document]:
        raise ValueError(f"no field {missing[0]!r}")
    if strange := [name for name in document if name not in hints]:
        raise ValueError(f"unknown field {strange[0]!r}")
    for name, hint in hints.items():
        if not _fits(document[name], hint):
            raise ValueError(f"{name} cannot be {document[name]!r}")
    lists = {name: tuple(value) for name, value in document.items() if isinstance(value, list)}
    return kind(**document | lists)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, one) for one in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is tuple:
        return isinstance(value, list) and all(_fits(item, arguments[0]) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, hint)
