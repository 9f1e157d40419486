"""Reading the ledger, and its verdicts applied to what it holds."""

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import rebench
from rebench.errors import RebenchError
from rebench.published.schema import (
    Conflict,
    Correction,
    DatasetFact,
    Efficiency,
    Evidence,
    Paper,
    Result,
    Setting,
    Unstated,
    parse,
)

LEDGER = Path(rebench.__file__).resolve().parent.parent / "leaderboards" / "published"
"""Beside the package, in a checkout as in an installed wheel."""

FILES: dict[str, type] = {
    "results": Result,
    "conflicts": Conflict,
    "efficiency": Efficiency,
    "datasets": DatasetFact,
    "hyperparameters": Setting,
    "external_evidence": Evidence,
    "papers": Paper,
    "corrections": Correction,
    "unstated": Unstated,
}
"""The files by name, without `.jsonl`, and what a line of each is."""

REQUIRED = ("results", "conflicts")
"""A ledger may lack the others."""


@dataclass(frozen=True)
class Ledger:
    """What papers print and what we make of it; the fields are the files of the folder."""

    results: tuple[Result, ...]
    conflicts: tuple[Conflict, ...]
    efficiency: tuple[Efficiency, ...] = ()
    datasets: tuple[DatasetFact, ...] = ()
    hyperparameters: tuple[Setting, ...] = ()
    external_evidence: tuple[Evidence, ...] = ()
    papers: tuple[Paper, ...] = ()
    corrections: tuple[Correction, ...] = ()
    unstated: tuple[Unstated, ...] = ()

    @classmethod
    def read(cls, folder: str | Path = LEDGER) -> Self:
        """The ledger in a folder. Raises RebenchError if there is none, or a line is not of the schema."""
        ledger, problems = cls.parse(folder)
        if problems:
            raise RebenchError(f"{folder}: {problems[0]}; `rebench published check` lists all that is wrong")
        return ledger

    @classmethod
    def parse(cls, folder: str | Path) -> tuple[Self, list[str]]:
        """The lines that are of the schema, and what is wrong with the others. Raises RebenchError if
        there is no ledger."""
        parts, problems = dict[str, Any](), list[str]()
        for name, kind in FILES.items():
            path = Path(folder) / f"{name}.jsonl"
            if not path.is_file() and name not in REQUIRED:
                continue
            try:
                records, wrong = parse(kind, path)  # type: ignore[var-annotated]
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise RebenchError(
                    f"{folder} is no ledger of published numbers: could not read {path.name} ({reason})"
                ) from error
            parts[name] = tuple(records)
            problems += wrong
        return cls(**parts), problems

    @cached_property
    def conflict(self) -> dict[str, Conflict]:
        """The conflicts by id."""
        return {conflict.id: conflict for conflict in self.conflicts}

    @cached_property
    def conflicts_of(self) -> dict[str, list[Conflict]]:
        """By id of a row, the conflicts about it, in order."""
        found = defaultdict(list)
        for conflict in self.conflicts:
            for row in conflict.rows:
                found[row].append(conflict)
        return dict(found)

    @cached_property
    def corrections_of(self) -> dict[str, list[Correction]]:
        """By id of a result, its corrections."""
        found = defaultdict(list)
        for correction in self.corrections:
            for row in correction.rows:
                found[row].append(correction)
        return dict(found)

    def corrected(self, result: Result) -> Result:
        """The result as our verdicts have it; the same where there is none."""
        changes: dict[str, Any] = {}
        for correction in self.corrections_of.get(result.id, ()):
            changes[correction.field] = correction.corrected
        if "value" in changes:
            changes |= {"printed": changes["value"], "value": float(changes["value"])}
        return replace(result, **changes)
