"""What papers disagree on, by kind, and what is left of who is best when the verdicts are applied."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rebench.published.ledger import Ledger
from rebench.published.presets import PRESETS
from rebench.published.schema import SPLITS, Conflict, Result

SCHEMA_VERSION = 1

KINDS = {
    "metric-label": "Which metric a number is",
    "split-label": "Which split a number is of",
    "value": "Which number is right",
    "backbone-label": "Which model a number is of",
    "claim-vs-data": "Claims that tables do not bear out",
    "dataset-stat": "How large the data sets are",
    "protocol": "Protocols that differ",
    "internal": "Inside one paper",
    "plausibility": "Hard to believe",
    "text-vs-code": "Paper against code",
    "unsupported": "Without support",
}
"""The kinds of conflict, in the order of the audit; one that is not here comes after."""

_ORDER = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Leader:
    """A model and its corrected number, and the paper whose table has it."""

    model: str
    value: str
    paper: str


def by_kind(ledger: Ledger) -> dict[str, list[Conflict]]:
    """The conflicts by kind, the severest of each first."""
    kinds = dict.fromkeys([*KINDS, *(conflict.kind for conflict in ledger.conflicts)])
    groups = {kind: [c for c in ledger.conflicts if c.kind == kind] for kind in kinds}
    return {
        kind: sorted(rows, key=lambda c: _ORDER.index(c.severity)) for kind, rows in groups.items() if rows
    }


def best(ledger: Ledger, count: int = 3) -> dict[tuple[str, str], list[Leader]]:
    """By data set and split, the models with the highest oIoU of the papers' main tables, corrected.

    Models trained on one data set (often assumed, not stated), with different encoders; rows that are likely
    another metric are left out. No test says that one is better than the next.
    """
    main = {(preset.paper, preset.table) for preset in PRESETS.values() if preset.main}
    tables: dict[tuple[str, str], dict[str, Result]] = {}
    for row in map(ledger.corrected, ledger.results):
        if (row.paper, row.table) in main and (row.training, row.likely_metric) == ("single", "oiou"):
            highest = tables.setdefault((row.dataset, row.split), {})
            if row.model not in highest or row.value > highest[row.model].value:
                highest[row.model] = row
    order = [(dataset, split) for dataset, splits in SPLITS.items() for split in splits]
    return {
        place: [
            Leader(row.model, row.printed, row.paper)
            for row in sorted(tables[place].values(), key=lambda row: -row.value)[:count]
        ]
        for place in sorted(tables, key=order.index)
    }


def as_dict(ledger: Ledger) -> dict[str, Any]:
    """The audit as one JSON document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kinds": [
            {"kind": kind, "title": KINDS.get(kind, kind), "conflicts": list(_documents(ledger, rows))}
            for kind, rows in by_kind(ledger).items()
        ],
        "best": [
            {"dataset": dataset, "split": split, "metric": "oiou", "models": [asdict(one) for one in models]}
            for (dataset, split), models in best(ledger).items()
        ],
    }


def _documents(ledger: Ledger, conflicts: list[Conflict]) -> Iterator[dict[str, Any]]:
    sources = {one.id: asdict(one) for one in ledger.external_evidence}
    for conflict in conflicts:
        document = asdict(conflict)
        document["evidence"] = [sources.get(name, {"id": name}) for name in conflict.evidence]
        document["corrections"] = [asdict(c) for c in ledger.corrections if c.conflict == conflict.id]
        yield document
