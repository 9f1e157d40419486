"""How the IoU of the expressions is distributed: one mean hides two kinds of answers."""

from rebench.report import cells
from rebench.report.content import QUANTILES, Chapter
from rebench.report.figures.spread import spread_figure
from rebench.report.section import Figure, Section
from rebench.report.table import Column, Panel, Row, Table


def spread(chapter: Chapter) -> Section | None:
    """A histogram and quantiles per run; None where no run has any IoU."""
    spreads = {entry.name: entry.spread for entry in chapter.entries if entry.spread}
    if not spreads:
        return None
    columns = [Column(("model",), numeric=False), Column(("mean",)), Column(("no common pixel",))]
    columns += [Column((f"{100 * level:g} %",)) for level in QUANTILES]
    rows = tuple(
        Row(
            (
                cells.words(name),
                cells.share(one.mean),
                cells.share(one.none),
                *(cells.share(one.quantiles[level]) for level in QUANTILES),
            )
        )
        for name, one in spreads.items()
    )
    table = Table(
        f"{chapter.slug}-spread",
        f"IoU of the expressions of {chapter.title}, in percent: mean, share without a common pixel"
        " (percent of the expressions), and quantiles.",
        (Panel(tuple(columns), rows),),
    )
    figure = Figure(
        f"{chapter.slug}-spread",
        f"IoU of the expressions of {chapter.title}: percent of the expressions in each of twenty bins; the"
        " line is the mean.",
        lambda style: spread_figure(spreads, style),
    )
    return Section("spread", "How IoU is distributed", figures=(figure,), more=(table,))
