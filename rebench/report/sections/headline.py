"""Runs by metrics and groups: the table that a paper prints."""

from collections.abc import Iterator, Sequence
from typing import Any

from rebench.report import cells
from rebench.report.content import Chapter
from rebench.report.labels import CHANCE, group_label
from rebench.report.marks import MEANING, marks, tested
from rebench.report.section import Section
from rebench.report.table import Cell, Column, Panel, Row, Table
from rebench.stats.verdicts import metric_label

PRECISION = ("pr50", "pr70", "pr90")


def headline(chapter: Chapter) -> Section:
    """oIoU and mIoU, each by group; then precision, and a row per chance line."""
    shown = [metric for metric in ("oiou", "miou") if _has(chapter, metric)]
    tables = [_table(chapter, (metric,)) for metric in shown]
    others = [metric for metric in PRECISION if _has(chapter, metric)]
    more = tuple(_table(chapter, (metric,)) for metric in others)
    return Section(
        "headline",
        "Scores",
        (
            "oIoU weighs large objects more, mIoU weighs every expression alike; they are different"
            " quantities and never share a column. The chance lines stand for the expressions of"
            f" {'the runs' if _alike(chapter) else chapter.entries[0].name}.",
        ),
        tables=tuple(tables),
        more=more,
    )


def _has(chapter: Chapter, metric: str) -> bool:
    return any(entry.summary["overall"][metric]["value"] is not None for entry in chapter.entries)


def _table(chapter: Chapter, metrics: Sequence[str]) -> Table:
    groups = chapter.groups
    columns = [Column(("", "model"), numeric=False)]
    columns += [Column((metric_label(m), group_label(g))) for m in metrics for g in groups]
    rows = [Row(tuple(_scores(chapter, place, metrics)), "models") for place in range(len(chapter.entries))]
    chance = chapter.entries[0].summary["chance"]
    for name, label in CHANCE.items():
        if name in chance:
            rows.append(Row((cells.words(label), *_chance(chance[name], metrics, groups)), "chance"))
    told = " and ".join(metric_label(metric) for metric in metrics)
    return Table(
        f"{chapter.slug}-{'-'.join(metrics)}",
        f"{told} on {chapter.title}, in percent, with 95 % intervals from resampling images."
        + (
            f" {MEANING} {tested(chapter.panel)}"
            if chapter.panel and set(metrics) & set(chapter.metrics)
            else ""
        ),
        (Panel(tuple(columns), tuple(rows)),),
        tuple(_sizes(chapter)),
    )


def _scores(chapter: Chapter, place: int, metrics: Sequence[str]) -> Iterator[Cell]:
    entry = chapter.entries[place]
    yield cells.words(entry.name)
    for metric in metrics:
        for group in chapter.groups:
            own = marks(chapter.panel, metric, group)
            yield cells.percent(_cell(entry.summary, group).get(metric), own.get(entry.name, ""))


def _chance(line: dict[str, Any], metrics: Sequence[str], groups: Sequence[str]) -> Iterator[Cell]:
    for metric in metrics:
        for group in groups:
            yield cells.share(_cell(line, group).get(metric, {}).get("value"))


def _cell(section: Any, group: str) -> Any:
    return section["overall"] if group == "overall" else section["groups"].get(group, {})


def _alike(chapter: Chapter) -> bool:
    """Whether the numbers of all runs are of equally many expressions in every group."""
    counts = [[_cell(e.summary, group).get("n") for group in chapter.groups] for e in chapter.entries]
    return all(found == counts[0] for found in counts)


def _sizes(chapter: Chapter) -> Iterator[str]:
    """How many expressions each group has; run by run where they differ."""
    alike = _alike(chapter)
    for entry in chapter.entries[: 1 if alike else None]:
        parts = [
            f"{group_label(group)} {_cell(entry.summary, group).get('n', 0):,}" for group in chapter.groups
        ]
        whose = "" if alike else f" of {entry.name}"
        yield f"Expressions{whose}: {', '.join(parts)}; {entry.summary['overall']['images']:,} images."
