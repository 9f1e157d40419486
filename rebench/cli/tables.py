"""Summaries as tables: one screen of 40 lines by 100 columns, with fewer columns where it is narrower."""

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

METRICS = {"oiou": "oIoU", "miou": "mIoU", "pr50": "Pr@50", "pr70": "Pr@70", "pr90": "Pr@90"}
GROUPS = {
    "overall": "overall",
    "simple": "simple",
    "object_distracting": "distracting",
    "category_implicit": "implicit",
    "both": "both",
    "unknown": "unknown",
}
CHANCE = {"empty_mask": "empty mask", "full_mask": "full mask", "random_instance": "random inst."}
OUTCOMES = {
    "correct": "correct",
    "poorly_drawn": "poor",
    "wrong_instance": "wrong",
    "several_instances": "several",
    "other": "other",
    "empty": "empty",
    "unknown": "unknown",
}

_LABELS_WIDTH, _METRIC_WIDTH = 28, 14
"""Columns of a terminal: what stands left of the metrics at most, and each of those."""
_IDENTITY_WIDTH, _OUTCOME_WIDTH = 50, 8
"""The same for the table of identity and its outcomes."""


def summary_table(summary: dict[str, Any], title: str, width: int = 100) -> "Table":
    """A run's metrics in percent with their intervals, overall and per group, then the chance lines.

    Args:
        summary: the document of summary.json.
        title: what the run is, in one line.
        width: of the terminal, in columns; metrics that do not fit are left out, and it says so.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    metrics = dict(list(METRICS.items())[: max(1, (width - _LABELS_WIDTH) // _METRIC_WIDTH)])
    table = Table(
        title=Text(title), title_justify="left",
        caption=Text(_caption(summary, metrics)), caption_justify="left",
        box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False,
    )  # fmt: skip
    table.add_column("", no_wrap=True)
    for header in ("n", "images"):
        table.add_column(header, justify="right", no_wrap=True)
    for header in metrics.values():
        table.add_column(header, justify="right", no_wrap=True, min_width=13)
    for label, cell in _rows(summary):
        table.add_row(label, f"{cell['n']:,}", f"{cell['images']:,}", *_metrics(cell, metrics, interval=True))
    table.add_section()
    for key, label in CHANCE.items():
        cell = summary["chance"][key]["overall"]
        table.add_row(label, "", "", *_metrics(cell, metrics, interval=False), style="dim")
    return table


def identity_table(identity: dict[str, Any], width: int = 100) -> "Table":
    """How often the right instance was found, beside chance, and what became of the expressions.

    Args:
        identity: the part "identity" of summary.json.
        width: of the terminal, in columns; outcomes that do not fit are left out, and it says so.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    there = [name for name in OUTCOMES if name in identity["overall"]["outcomes"]]
    shown = there[: max(0, (width - _IDENTITY_WIDTH) // _OUTCOME_WIDTH)]
    caption = (
        "percent; right: the mask is the referent's, of n expressions with several instances of its category"
        " (chance: a random one of these); IoU: where right; "
    )
    caption += (
        "then what became of all expressions" if len(shown) == len(there) else "outcomes need more room"
    )
    table = Table(
        title=Text("Identity"), title_justify="left", caption=Text(caption), caption_justify="left",
        box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False,
    )  # fmt: skip
    table.add_column("", no_wrap=True, min_width=11)
    for header, least in (("n", 7), ("right", 17), ("chance", 6), ("IoU", 5)):
        table.add_column(header, justify="right", no_wrap=True, min_width=least)
    for name in shown:
        table.add_column(OUTCOMES[name], justify="right", no_wrap=True, min_width=_OUTCOME_WIDTH - 1)
    for label, cell in _rows(identity):
        right = _inline(cell["accuracy"])
        numbers = (cell["chance"], cell["iou_given_right"], *(cell["outcomes"][o]["share"] for o in shown))
        texts = (_percent(number, interval=False) for number in numbers)
        table.add_row(label, f"{cell['contested']['n']:,}", right, *texts)
    return table


def further_lines(summary: dict[str, Any], slices: int = 2) -> Iterator[str]:
    """The most telling of the other parts of a summary, a line each; nothing of parts that are not there."""
    if "sizes" in summary:
        cells = ((name, cell) for name, cell in summary["sizes"]["coco"].items() if cell["n"])
        sizes = (f"{name} {_percent(cell['miou'], False)} (n {cell['n']:,})" for name, cell in cells)
        edges = _inline(summary["edges"]["overall"]["biou"])
        yield f"mIoU by size: {', '.join(sizes)}; boundary IoU {edges}"
    if "consistency" in summary:
        yield from _consistency(summary["consistency"])
    if "slices" in summary:
        yield from _slices(summary["slices"], slices)


def _consistency(document: dict[str, Any]) -> Iterator[str]:
    """Of targets with several expressions: all of them right; and ambiguous ones where simple ones are."""
    several, kept = document["several"], document["retention"]["ambiguous"]
    if several["n"]:
        yield (
            f"{_targets(several['n'])}: all expressions IoU ≥ 0.5 {_inline(several['all_50'])},"
            f" all the right instance {_inline(document['identity']['all_right'])}"
        )
    if kept["n"]:
        yield (
            f"{_targets(kept['n'])}: right when ambiguous {_inline(kept['retention'])}"
            f" where right when simple, else {_inline(kept['after_wrong'])}"
        )


def _targets(n: int) -> str:
    return f"{n:,} target{'s' * (n != 1)}"


def _slices(document: dict[str, Any], count: int) -> Iterator[str]:
    """The slices that are most surely better or worse than the rest."""
    from rebench.ambiguity.slices import most_telling
    from rebench.stats.verdicts import points

    for one in most_telling(document, count):
        if one["p_adjusted"] is not None and one["p_adjusted"] < 0.05:
            raw, fair = one["raw"]["value"], one["standardised"]
            yield (
                f"{one['slice']} {one['value']}: mIoU {_percent(one['estimate'], False)}, to the rest"
                f" {points(fair['value'])} [{points(fair['low'])}, {points(fair['high'])}] like for like,"
                f" {points(raw)} raw; n {one['n']:,}"
            )


def rest_of_identity(identity: dict[str, Any]) -> str:
    """What the rates leave out: who had no choice, crowds, pictures that cannot be decoded; or nothing."""
    cell = identity["overall"]
    parts = {
        "with one instance only": cell["single"]["n"],
        "on a crowd of the category": cell["on_crowd"],
        "in pictures whose objects cannot be decoded": cell["unknown"]["n"],
    }
    told = [f"{n:,} {where}" for where, n in parts.items() if n]
    return f"counted apart: {', '.join(told)}" if told else ""


def _rows(section: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Label and cell of overall and the groups, those that have expressions."""
    cells = {"overall": section["overall"], **section["groups"]}
    return ((label, cells[key]) for key, label in GROUPS.items() if key in cells and cells[key]["n"])


def _metrics(cell: dict[str, Any], metrics: Iterable[str], *, interval: bool) -> Iterator[str]:
    return (_percent(cell[metric], interval) for metric in metrics)


def _percent(estimate: dict[str, float | None], interval: bool) -> str:
    """As 71.3, and under it [69.0, 73.5]: side by side, five metrics do not fit 100 columns."""
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    if value is None:
        return "–"
    if not interval:
        return _number(value)
    between = "no interval" if low is None or high is None else f"[{_number(low)}, {_number(high)}]"
    return f"{_number(value)}\n{between}"


def _inline(estimate: dict[str, float | None]) -> str:
    """As 71.3 [69.0, 73.5]."""
    return _percent(estimate, interval=True).replace("\n", " ")


def _number(fraction: float) -> str:
    """In percent with one decimal; 100 without, which keeps the columns narrow."""
    return f"{100 * fraction:.1f}".replace("100.0", "100")


def _caption(summary: dict[str, Any], shown: Collection[str]) -> str:
    """What the numbers stand for: coverage, protocol, intervals, labels."""
    coverage, interval = summary["coverage"], summary["interval"]
    parts = [coverage["text"]]
    parts += [f"{coverage[key]:,} {key}" for key in ("failed", "missing") if coverage[key]]
    parts.append(f"protocol {summary['protocol']}")
    parts.append(f"percent, {100 * interval['level']:.0f} % intervals over images")
    parts.append(_sources(summary))
    if left_out := [name for metric, name in METRICS.items() if metric not in shown]:
        parts.append(f"{', '.join(left_out)} need a wider terminal")
    return "; ".join(parts)


def _sources(summary: dict[str, Any]) -> str:
    """Where the groups come from; counted where that differs between expressions."""
    told = {name: n for name, n in summary.get("labelled", {}).items() if n}
    if len(told) > 1:
        words = {"gold": "from the data", "tagged": "by the tagger", "unknown": "unknown"}
        return "groups " + ", ".join(f"{n:,} {words[name]}" for name, n in told.items())
    return "groups from the data" if summary["labels"] == "gold" else "groups by the tagger"
