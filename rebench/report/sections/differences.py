"""Who is better than whom, by how much, and how sure that is."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from rebench.report import cells
from rebench.report.content import Chapter
from rebench.report.figures.forest import forest
from rebench.report.figures.matrix import matrix
from rebench.report.labels import group_label
from rebench.report.marks import tested
from rebench.report.section import Figure, Section
from rebench.report.table import Cell, Column, Panel, Row, Table
from rebench.stats.panel import Difference
from rebench.stats.verdicts import Verdict, metric_label, points
from rebench.store.folder import folder_name

FINDINGS = 8
"""Sentences of each kind; all are in the tables."""


FEW = 6
"""Runs of which every pair is shown at once; of more, the reader opens the tables."""


def differences(chapter: Chapter) -> Section | None:
    """Forest plot, significance matrices, and every difference; None where nothing is compared."""
    panel = chapter.panel
    if panel is None or not panel.differences:
        return None
    reference = chapter.entries[0].name
    figures = [_forest(chapter, reference)]
    names = [entry.name for entry in chapter.entries]
    if len(names) > 2:
        figures += [_matrix(chapter, names, metric) for metric in chapter.metrics]
    pairs = tuple(_pairs(chapter, metric) for metric in chapter.metrics)
    return Section(
        "differences",
        "Differences",
        _meaning(chapter),
        tuple(_findings(chapter)),
        tuple(figures),
        pairs if len(names) <= FEW else (),
        (
            *(pairs if len(names) > FEW else ()),
            _every(chapter),
            *([_power(chapter)] if chapter.power else []),
        ),
    )


def _meaning(chapter: Chapter) -> tuple[str, ...]:
    panel = chapter.panel
    assert panel is not None
    margin = points(panel.settings.margin)
    return (
        f"{tested(panel)} Better and worse: shown to differ. Tied: shown to differ by less than {margin}"
        " points. Undecided: neither, which says nothing.",
    )


def _findings(chapter: Chapter) -> Iterator[str]:
    """What is shown overall, and which leads change with the language."""
    panel = chapter.panel
    assert panel is not None
    found = [d.text for d in panel.differences if d.verdict != "undecided" and d.group == "overall"]
    clear = [i.text for i in panel.interactions if i.p_adjusted < panel.settings.alpha]
    yield from found[:FINDINGS]
    yield from clear[:FINDINGS]
    left = max(0, len(found) - FINDINGS) + max(0, len(clear) - FINDINGS)
    if left:
        yield f"and {left} more, in the tables"
    if panel.interactions and not clear:
        tests = len(panel.interactions)
        yield f"no lead is shown to differ between simple and ambiguous expressions ({tests} tested)"


def _forest(chapter: Chapter, reference: str) -> Figure:
    """Every other run against the first, on every group, in every metric."""
    panel = chapter.panel
    assert panel is not None
    rows = [d if d.a == reference else _turned(d) for d in panel.differences if reference in (d.a, d.b)]
    ordered = {other: [d for d in rows if d.b == other] for other in dict.fromkeys(d.b for d in rows)}
    return Figure(
        f"{chapter.slug}-forest",
        f"Lead of {reference} over the other runs on {chapter.title}, in points with"
        f" {100 * panel.settings.level:g} % intervals from resampling images; the band is the margin of"
        f" ties, {points(panel.settings.margin)} points. {tested(panel)}",
        lambda style: forest(ordered, chapter.metrics, panel.settings.margin, style),
    )


def _turned(d: Difference) -> Difference:
    """The same difference as the lead of B over A."""
    turned: dict[Verdict, Verdict] = {"better": "worse", "worse": "better"}
    return replace(
        d,
        a=d.b,
        b=d.a,
        estimate=-d.estimate,
        low=-d.high,
        high=-d.low,
        effect=-d.effect,
        superiority=1 - d.superiority,
        verdict=turned.get(d.verdict, d.verdict),
    )


def _matrix(chapter: Chapter, names: list[str], metric: str) -> Figure:
    panel = chapter.panel
    assert panel is not None
    overall = {(d.a, d.b): d for d in panel.differences if (d.metric, d.group) == (metric, "overall")}
    both = overall | {(b, a): _turned(d) for (a, b), d in overall.items()}
    return Figure(
        f"{chapter.slug}-matrix-{folder_name(metric)}",
        f"{metric_label(metric)} on {chapter.title}: lead of the row's run over the column's, in points, with"
        f" adjusted p and effect size d (in standard deviations between images). {tested(panel)}",
        lambda style: matrix(names, both, style),
    )


def _pairs(chapter: Chapter, metric: str) -> Table:
    """Pairs down, groups across; bold is shown."""
    panel = chapter.panel
    assert panel is not None
    columns = [Column(("", "lead of"), numeric=False), Column(("", "over"), numeric=False)]
    columns += [Column((metric_label(metric), group_label(group))) for group in chapter.groups]
    found = {(d.a, d.b, d.group): d for d in panel.differences if d.metric == metric}
    rows = []
    for a, b in combinations([entry.name for entry in chapter.entries], 2):
        leads = [_lead(found.get((a, b, group))) for group in chapter.groups]
        rows.append(Row((cells.words(a), cells.words(b), *leads)))
    return Table(
        f"{chapter.slug}-differences-{folder_name(metric)}",
        f"Differences in {metric_label(metric)} on {chapter.title}, in points with"
        f" {100 * panel.settings.level:g} % intervals from resampling images. Bold: shown to differ."
        f" {tested(panel)}",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _lead(d: Difference | None) -> Cell:
    if d is None:
        return Cell()
    shown = d.verdict in ("better", "worse")
    return cells.lead(d.estimate, d.low, d.high, "best" if shown else "")


def _every(chapter: Chapter) -> Table:
    """One row per test, as `rebench compare` prints them."""
    panel = chapter.panel
    assert panel is not None
    names = ("lead of", "over", "metric", "group")
    numbers = ("points", "p", "p adj.", "d", "superiority", "p equiv. adj.")
    columns = [Column((name,), numeric=False) for name in names]
    columns += [Column((name,)) for name in numbers] + [Column(("verdict",), numeric=False)]
    rows = tuple(Row(tuple(_test(d))) for d in panel.differences)
    return Table(
        f"{chapter.slug}-tests",
        f"Every test on {chapter.title}. {tested(panel)} d: difference in standard deviations between images;"
        " superiority: share of images on which the first is better, ties half.",
        (Panel(tuple(columns), rows),),
    )


def _test(d: Difference) -> Iterator[Cell]:
    yield from map(cells.words, (d.a, d.b, metric_label(d.metric), group_label(d.group)))
    yield cells.lead(d.estimate, d.low, d.high)
    yield cells.p_value(d.p)
    yield cells.p_value(d.p_adjusted)
    yield cells.number(d.effect)
    yield cells.number(d.superiority)
    yield cells.p_value(d.p_equivalence_adjusted)
    yield cells.words({"better": f"{d.a} better", "worse": f"{d.b} better"}.get(d.verdict, d.verdict))


def _power(chapter: Chapter) -> Table:
    columns = [Column((name,), numeric=False) for name in ("run", "against", "metric")]
    columns.append(Column(("detectable difference",)))
    rows = tuple(
        Row(
            (
                *map(cells.words, (row.a, row.b, metric_label(row.metric))),
                cells.number(100 * row.result.detectable, 1),
            )
        )
        for row in chapter.power
    )
    chance = chapter.power[0].result.power
    return Table(
        f"{chapter.slug}-power",
        f"The true difference, in points, that one test on these images finds with chance {chance:g}.",
        (Panel(tuple(columns), rows),),
    )
