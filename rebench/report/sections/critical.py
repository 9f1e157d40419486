"""Many runs on many splits: mean ranks and the critical difference."""

from itertools import combinations

import numpy as np

from rebench.report import cells
from rebench.report.content import Chapter, Report
from rebench.report.figures.critical import critical_figure
from rebench.report.section import Figure, Section
from rebench.report.table import Column, Panel, Row, Table
from rebench.stats.verdicts import metric_label

MODELS, SPLITS = 3, 3
"""Fewer than these, and the test can show next to nothing."""


def critical_differences(report: Report) -> Section | None:
    """Friedman's test and Nemenyi's critical difference; None for too few runs or splits."""
    chapters = list({chapter.split: chapter for chapter in reversed(report.chapters)}.values())[::-1]
    if len(chapters) < SPLITS:
        return None
    names = [
        entry.name
        for entry in chapters[0].entries
        if all(entry.name in {one.name for one in chapter.entries} for chapter in chapters)
    ]
    if len(names) < MODELS:
        return None
    made = [found for metric in ("oiou", "miou") if (found := _metric(chapters, names, metric))]
    if not made:
        return None
    return Section(
        "critical",
        "Critical differences",
        (
            "Runs are ranked on every split, 1 is best; two whose mean ranks differ by less than the critical"
            " difference are not told apart (Nemenyi, level 5 %). The test takes splits for independent"
            " and each for one observation, so that with few splits it can show little.",
        ),
        tuple(_shared(chapters)),
        tuple(figure for figure, _ in made),
        tuple(table for _, table in made),
    )


def _metric(chapters: list[Chapter], names: list[str], metric: str) -> tuple[Figure, Table] | None:
    from rebench.stats.splits import critical_difference, friedman, split_ranks

    scores = np.array([[_value(chapter, name, metric) for name in names] for chapter in chapters])
    if np.isnan(scores).any():
        return None
    found, ranks = friedman(scores), split_ranks(scores)
    critical = critical_difference(len(names), len(chapters))
    told = (
        f"{metric_label(metric)} overall on {', '.join(chapter.title for chapter in chapters)}: mean ranks of"
        f" {len(names)} runs, critical difference {critical:.2f}; Friedman's test of no difference"
        f" p {cells.p_value(found.p).text}, Iman and Davenport's {cells.p_value(found.f_p).text}."
    )
    columns = [Column(("", "model"), numeric=False), Column(("", "mean rank"))]
    columns += [Column(("rank on", chapter.title)) for chapter in chapters]
    rows = tuple(
        Row(
            (
                cells.words(name),
                cells.number(float(found.mean_ranks[i])),
                *(cells.number(float(rank), 1) for rank in ranks[:, i]),
            )
        )
        for i, name in enumerate(names)
    )
    mean = dict(zip(names, found.mean_ranks.tolist(), strict=True))
    figure = Figure(
        f"critical-{metric}", told, lambda style: critical_figure(mean, critical, metric_label(metric), style)
    )
    return figure, Table(f"critical-{metric}", told, (Panel(tuple(columns), rows),))


def _value(chapter: Chapter, name: str, metric: str) -> float:
    entry = next(one for one in chapter.entries if one.name == name)
    value = entry.summary["overall"][metric]["value"]
    return float("nan") if value is None else value


def _shared(chapters: list[Chapter]) -> list[str]:
    """Which splits are not independent."""
    return [
        f"{a.split} and {b.split} share {shared:,} images: they are not independent"
        for a, b in combinations(chapters, 2)
        if (shared := len(a.image_ids & b.image_ids))
    ]
