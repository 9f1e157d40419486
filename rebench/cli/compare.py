"""`rebench compare`: runs on the same expressions, with intervals, tests and a verdict in words."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rebench.comparing import RunComparison, SeedRow
    from rebench.stats import Panel
    from rebench.stats.panel import Difference

_PAIR = "\0"
"""Stands for the empty heading of a column of names; no run is called that."""

_LEFT = 32
_INTERVAL = 18
"""Columns of the terminal that a table of estimates needs: for group and numbers, and for every run."""


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Folders of runs; NAME=FOLDER names one. Runs of one NAME are training seeds of one model.",
        ),
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="oiou, miou, pr50 ... pr90, identity, biou, or a column of the scores, repeatable;"
            " else oiou and miou."
        ),
    ] = None,
    correction: Annotated[
        str, typer.Option(help="For many tests: holm, bh, by, bonferroni, sidak, holm-sidak, hochberg, none.")
    ] = "holm",
    families: Annotated[
        str, typer.Option(help="What is corrected together: all, or by metric, group or cell.")
    ] = "all",
    margin: Annotated[
        float, typer.Option(min=0.0, help="In points; smaller differences do not matter (for `tied`).")
    ] = 1.0,
    interval: Annotated[str, typer.Option(help="percentile, basic or bca.")] = "percentile",
    level: Annotated[float, typer.Option(help="Of the intervals; tests are at 1 - level.")] = 0.95,
    resamples: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Resamples of images, and exchanges of labels.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    common: Annotated[
        bool, typer.Option("--common", help="Compare what all runs have, where some lack expressions.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Compare runs on the same expressions: intervals over images, paired tests, corrected for their number.

    "tied" is a finding: the difference is shown to be smaller than the margin. "undecided" is none.
    """
    from rebench.cli.console import print_json
    from rebench.comparing import compare_folders
    from rebench.stats import Settings

    settings = Settings(
        resamples=resamples,
        seed=seed,
        interval=interval,
        level=level,
        correction=correction,
        families=families,
        margin=margin / 100,
    )
    done = compare_folders(runs, metric, settings, common=common)
    _show(done, settings.level)
    if json:
        print_json(done.as_dict())


def _show(done: "RunComparison", level: float) -> None:
    from rich.text import Text

    from rebench.cli.console import stderr

    console = stderr()
    title = (
        f"{len(done.runs)} runs on {done.split}, protocol {done.protocol}:"
        f" {done.samples:,} expressions of {done.images:,} images"
    )
    console.print(Text(title, style="bold"), soft_wrap=True)
    if done.left_out:
        console.print(f"{done.left_out:,} expressions that only some runs have are left out", style="yellow")
    if done.panel is None:
        for table in _seed_tables(done.seeds, level):
            console.print(table)
        return
    for metric in done.metrics:
        for table in _estimates(done.panel, metric, console.width):
            console.print(table)
    if done.panel.differences:
        console.print(_differences(done.panel))
    for line in (*_words(done.panel), *_power(done)):
        console.print(Text(line), soft_wrap=True)
    for note in done.panel.notes:
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)


def _table(title: str, headers: Iterable[str], caption: str = "", names: Iterable[str] = ()) -> "Table":
    """`names` head columns that are as wide as a run's name: these are folded, numbers never."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title), title_justify="left", caption=Text(caption) if caption else None,
        caption_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip
    foldable = set(names)
    for header in headers:
        justify: Literal["left", "right"] = "left" if header in ("", _PAIR, "verdict") else "right"
        table.add_column(
            Text("" if header == _PAIR else header),  # a name is no markup
            justify=justify, no_wrap=header not in foldable, overflow="fold",
        )  # fmt: skip
    return table


def _row(table: "Table", *cells: str) -> None:
    """Adds a row whose names and intervals are not read as markup."""
    from rich.text import Text

    table.add_row(*map(Text, cells))


def _estimates(panel: "Panel", metric: str, width: int) -> Iterator["Table"]:
    """One metric: groups down, runs across, in percent with intervals; as many runs as fit side by side."""
    runs = list(dict.fromkeys(e.run for e in panel.estimates))
    beside = max(1, (width - _LEFT) // _INTERVAL)
    for start in range(0, len(runs), beside):
        yield _estimates_of(runs[start : start + beside], panel, metric)


def _estimates_of(shown: list[str], panel: "Panel", metric: str) -> "Table":
    """Of some runs; which may be the best, they are among all of them."""
    from rebench.cli.tables import GROUPS
    from rebench.stats.verdicts import metric_label

    best = {r.group: set(r.best) for r in panel.rankings if r.metric == metric}
    rows = [e for e in panel.estimates if e.estimate.metric == metric]
    runs = list(dict.fromkeys(e.run for e in rows))
    caption = f"percent, {100 * panel.settings.level:g} % intervals over images ({panel.settings.interval})"
    if len(runs) > 1:
        caption += "; * may be the best: no run is significantly better"
    table = _table(metric_label(metric), ["", "n", "images", *shown], caption, shown)
    for group in dict.fromkeys(e.group for e in rows):
        cells = {e.run: e.estimate for e in rows if e.group == group and e.run in shown}
        size = next(iter(cells.values()))
        texts = [
            f"{_percent(c.value)}{'*' if run in best[group] and len(runs) > 1 else ' '}"
            f"\n{_between(c.low, c.high)}"
            for run, c in cells.items()
        ]
        _row(table, GROUPS.get(group, group), f"{size.samples:,}", f"{size.images:,}", *texts)
    return table


def _differences(panel: "Panel") -> "Table":
    """Every pair of runs in every metric on every group, in points."""
    from rebench.cli.tables import GROUPS
    from rebench.stats.verdicts import metric_label, points

    families = [f for f in panel.families if "lead" not in f.name]
    told = "; ".join(f"{f.label}: {f.name}" for f in families)
    caption = (
        f"points; p by cluster permutation, adjusted within its family ({told}); d: in SDs between images"
    )
    headers = [_PAIR, "", "", "difference", "interval", "p", "p adj.", "d", "verdict"]
    table = _table("Differences", headers, caption, (_PAIR, "verdict"))
    pairs = groupby(panel.differences, key=lambda d: (d.a, d.b))
    for (a, b), rows in pairs:
        for number, d in enumerate(rows):
            name = f"{a} - {b}" if not number else ""
            ends = _dash(d.low, f"[{points(d.low)}, {points(d.high)}]")
            _row(
                table, name, metric_label(d.metric), GROUPS.get(d.group, d.group),
                _dash(d.estimate, points(d.estimate)), ends, _p(d.p), _p(d.p_adjusted),
                _dash(d.effect, f"{d.effect:.2f}"), _verdict(d),
            )  # fmt: skip
        table.add_section()
    return table


def _verdict(d: "Difference") -> str:
    return {"better": f"{d.a} better", "worse": f"{d.b} better"}.get(d.verdict, d.verdict)


def _words(panel: "Panel") -> Iterator[str]:
    """The findings as sentences; what is undecided, only counted."""
    found = [d for d in panel.differences if d.verdict != "undecided"]
    yield from (d.text for d in found)
    every = len(panel.differences)
    if silent := every - len(found):
        yield f"{silent} of {every} differences undecided: neither shown nor shown to be small"
    clear = [i for i in panel.interactions if i.p_adjusted < panel.settings.alpha]
    yield from (i.text for i in clear)
    if panel.interactions and not clear:
        tested = len(panel.interactions)
        yield f"no lead is shown to differ between simple and ambiguous expressions ({tested} tested)"


def _power(done: "RunComparison") -> Iterator[str]:
    """What a difference would have to be: an undecided one may just be smaller than this."""
    from rebench.stats.verdicts import metric_label, points

    for (a, b), rows in groupby(done.power, key=lambda row: (row.a, row.b)):
        known = [row for row in rows if row.result.standard_error == row.result.standard_error]
        if known:
            told = ", ".join(f"{points(r.result.detectable)} {metric_label(r.metric)}" for r in known)
            chance = f"chance {known[0].result.power:g}"
            yield f"overall, one test of {a} against {b} finds a true difference of {told} with {chance}"


def _seed_tables(rows: Iterable["SeedRow"], level: float) -> Iterator["Table"]:
    """Models with several training seeds: the two uncertainties side by side, never one number for both."""
    from rebench.cli.tables import GROUPS
    from rebench.stats.verdicts import metric_label

    headers = [_PAIR, "", "", "mean", "per seed", "test-set", "training-seed", "both"]
    caption = (
        f"percent; {100 * level:g} % intervals of test-set uncertainty (other images, these trained models),"
        " training-seed uncertainty (other seeds, these images), and both"
    )
    for title, chosen in (
        ("Models over their training seeds", [r for r in rows if len(r.models) == 1]),
        ("Differences over training seeds", [r for r in rows if len(r.models) == 2]),
    ):
        if not chosen:
            continue
        table = _table(title, headers, caption, (_PAIR,))
        for models, group in groupby(chosen, key=lambda r: r.models):
            for number, row in enumerate(group):
                result = row.result
                seeds = "  ".join(_percent(v) for v in result.per_seed)
                if result.per_seed_b:
                    seeds += " / " + "  ".join(_percent(v) for v in result.per_seed_b)
                parts = (result.test_set, result.training_seed, result.both)
                ends = [_between(p.low, p.high) for p in parts]
                name = " - ".join(models) if not number else ""
                place = metric_label(row.metric), GROUPS.get(row.group, row.group)
                _row(table, name, *place, _percent(result.estimate), seeds, *ends)
            table.add_section()
        yield table


def _percent(fraction: float) -> str:
    return "–" if fraction != fraction else f"{100 * fraction:.1f}"


def _dash(number: float, text: str) -> str:
    """The text, or a dash where there is no number."""
    return "–" if number != number else text


def _between(low: float, high: float) -> str:
    return "–" if low != low else f"[{_percent(low)}, {_percent(high)}]"


def _p(p: float) -> str:
    return "–" if p != p else "<0.001" if p < 0.001 else f"{p:.3f}"
