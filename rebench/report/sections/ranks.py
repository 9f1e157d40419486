"""Where each run may rank."""

from collections.abc import Sequence

from rebench.report import cells
from rebench.report.content import Chapter
from rebench.report.labels import group_label
from rebench.report.section import Section
from rebench.report.table import Column, Panel, Row, Table
from rebench.stats.panel import Ranking
from rebench.stats.verdicts import metric_label


def ranks(chapter: Chapter) -> Section | None:
    """Ranks by resampling and by the tests; None for fewer than three runs."""
    if chapter.panel is None or len(chapter.entries) < 3:
        return None
    overall = [found for found in chapter.panel.rankings if found.group == "overall"]
    rest = [found for found in chapter.panel.rankings if found.group != "overall"]
    return Section(
        "ranks",
        "Ranks",
        tables=(_table(chapter, "ranks", overall),),
        more=(_table(chapter, "ranks-groups", rest),) if rest else (),
    )


def _table(chapter: Chapter, name: str, rankings: Sequence[Ranking]) -> Table:
    assert chapter.panel is not None
    words = ("metric", "group", "model")
    numbers = ("value", "rank", "low", "high", "first (%)", "at best", "at worst")
    columns = [Column((name,), numeric=False) for name in words] + [Column((name,)) for name in numbers]
    rows = [
        Row(
            (
                *map(cells.words, (metric_label(found.metric), group_label(found.group), rank.model)),
                cells.share(rank.value),
                *(cells.number(value, 1) for value in (rank.rank, rank.low, rank.high)),
                cells.share(rank.first),
                cells.count(rank.at_best),
                cells.count(rank.at_worst),
            ),
            f"{metric_label(found.metric)} {group_label(found.group)}",
        )
        for found in rankings
        for rank in found.ranks
    ]
    return Table(
        f"{chapter.slug}-{name}",
        f"Ranks on {chapter.title}; 1 is best. Low and high: {100 * chapter.panel.settings.level:g} % of the"
        " ranks over resampled images; first: percent of the resamples in which it is best; at best and"
        " at worst follow from the tests.",
        (Panel(tuple(columns), tuple(rows)),),
    )
