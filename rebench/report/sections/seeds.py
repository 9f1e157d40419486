"""Models that were trained several times: two uncertainties, never one number for both."""

from rebench.report import cells
from rebench.report.content import Chapter
from rebench.report.labels import group_label
from rebench.report.section import Section
from rebench.report.table import Cell, Column, Panel, Row, Table
from rebench.stats.verdicts import metric_label
from rebench.store.folder import folder_name


def seeds(chapter: Chapter) -> Section | None:
    """Means over seeds, and differences of them; None where no model has several."""
    if not chapter.seeds:
        return None
    tables = tuple(_table(chapter, metric) for metric in chapter.metrics)
    return Section(
        "seeds",
        "Training seeds",
        (
            "Test-set uncertainty: other images, these trained models. Training-seed uncertainty: other"
            " seeds, these images. With few seeds the latter is a rough guess.",
        ),
        tables=tables,
    )


def _table(chapter: Chapter, metric: str) -> Table:
    words, numbers = ("model", "group"), ("mean", "test set", "training seed", "both")
    columns = [Column((name,), numeric=False) for name in words] + [Column((name,)) for name in numbers]
    columns.append(Column(("per seed",), numeric=False))
    level = chapter.seeds[0].result.level
    rows = []
    for row in chapter.seeds:
        if row.metric != metric:
            continue
        found, lead = row.result, len(row.models) == 2
        per_seed = " / ".join(
            "  ".join(cells.share(value).text for value in part)
            for part in (found.per_seed, found.per_seed_b)
            if part
        )
        mean = cells.lead(found.estimate, float("nan"), float("nan")) if lead else cells.share(found.estimate)
        parts = [_part(part.low, part.high) for part in (found.test_set, found.training_seed, found.both)]
        name = " − ".join(row.models)
        rows.append(
            Row((cells.words(name), cells.words(group_label(row.group)), mean, *parts, cells.words(per_seed)))
        )
    return Table(
        f"{chapter.slug}-seeds-{folder_name(metric)}",
        f"{metric_label(metric)} over training seeds on {chapter.title}: percent, differences in points,"
        f" with the ends of {100 * level:g} % intervals.",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _part(low: float, high: float) -> Cell:
    if low != low or high != high:
        return Cell()
    return Cell(f"{cells.share(low).text} to {cells.share(high).text}", high - low)
