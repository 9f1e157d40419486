"""Which weights, which data, which code: what makes every number checkable."""

from collections.abc import Mapping
from typing import Any

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.facts import facts_table
from rebench.report.section import Section
from rebench.report.table import Cell

HASH = 12
"""Characters of a hash that are shown; `run.json` has all."""


def provenance(chapter: Chapter) -> Section:
    """Three tables: what was run, on what, and where."""
    runs = facts_table(chapter, "runs", f"What was run on {chapter.title}.", _run)
    coverage = facts_table(chapter, "coverage", f"On how much of {chapter.title}.", _coverage)
    where = facts_table(chapter, "environments", f"Where it ran on {chapter.title}.", _environment)
    return Section("provenance", "Provenance", _text(chapter), tables=(runs,), more=(coverage, where))


def _text(chapter: Chapter) -> tuple[str, ...]:
    split, summary = chapter.entries[0].record.split, chapter.entries[0].summary
    interval = summary["interval"]
    return (
        f"Split {split.name}: {split.coverage}, manifest SHA-256 {split.manifest_sha256}."
        f" Protocol {chapter.protocol}. Groups: {_labels(summary)}. Intervals: {interval['method']},"
        f" {interval['resamples']:,} resamples, seed {interval['seed']}.{_tests(chapter)}",
    )


def _tests(chapter: Chapter) -> str:
    if chapter.panel is None or not chapter.panel.differences:
        return ""
    settings = chapter.panel.settings
    return (
        f" Tests over {chapter.samples:,} expressions of {chapter.images:,} images: {settings.resamples:,}"
        f" exchanges and resamples, seed {settings.seed}."
    )


def _labels(summary: Mapping[str, Any]) -> str:
    told = {"gold": "labels of the data", "tagger": "the tagger"}
    version = f", tagger version {summary['tagger']}" if summary.get("tagger") else ""
    return told.get(summary["labels"], str(summary["labels"])) + version


def _run(entry: Entry) -> dict[str, Cell]:
    model = entry.record.model
    return {
        "model": cells.words(":".join(filter(None, (model.name, model.variant)))),
        "weights": cells.words(model.weights),
        "weights SHA-256": cells.words(_hash(model.weights_sha256)),
        "code SHA-256": cells.words(_hash(model.code_sha256)),
        "trained on": cells.words(", ".join(model.trained_on)),
        "coverage": cells.words(entry.summary["coverage"]["text"]),
        "failed": cells.count(entry.summary["coverage"]["failed"]),
        "rebench": cells.words(entry.record.environment.rebench),
        "backend": cells.words(model.backend),
    }


def _coverage(entry: Entry) -> dict[str, Cell]:
    record, coverage = entry.record, entry.summary["coverage"]
    return {
        "status": cells.words(record.status),
        "scored": cells.count(coverage.get("scored")),
        "missing": cells.count(coverage.get("missing")),
        "scored from": cells.words(entry.summary.get("scored_from")),
        "seed": Cell(str(record.seed), float(record.seed)),
        "finished": cells.words(record.finished),
        "licence": cells.words(record.model.licence),
        "folder": cells.words(entry.path),
    }


def _environment(entry: Entry) -> dict[str, Cell]:
    there = entry.record.environment
    changed = " with changes" if there.dirty else ""
    return {
        "commit": cells.words(f"{there.commit[:HASH]}{changed}" if there.commit else ""),
        "python": cells.words(there.python),
        "torch": cells.words(there.torch),
        "numpy": cells.words(there.numpy),
        "platform": cells.words(there.platform),
        "device": cells.words(there.device_name or there.device),
        "dtype": cells.words(entry.record.model.dtype),
    }


def _hash(digest: str | None) -> str:
    return digest[:HASH] if digest else ""
