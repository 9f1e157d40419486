"""Summaries as tables: five metrics in a terminal of 100 columns, fewer in a narrower one."""

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
}
CHANCE = {"empty_mask": "empty mask", "full_mask": "full mask", "random_instance": "random inst."}


_LABELS_WIDTH, _METRIC_WIDTH = 28, 14
"""Columns of a terminal: what stands left of the metrics at most, and each of those."""


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
        box=SIMPLE_HEAD, padding=0, pad_edge=False,
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
        for group, cell in _rows(summary["chance"][key]):
            if group == GROUPS["overall"] or key == "random_instance":
                name = label if group == GROUPS["overall"] else f"· {group}"
                table.add_row(name, "", "", *_metrics(cell, metrics, interval=False), style="dim")
    return table


def _rows(section: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Label and cell of overall and the groups, those that have expressions."""
    cells = {"overall": section["overall"], **section["groups"]}
    return ((label, cells[key]) for key, label in GROUPS.items() if cells[key]["n"])


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
    parts.append("groups from the data" if summary["labels"] == "gold" else "groups by the tagger")
    if left_out := [name for metric, name in METRICS.items() if metric not in shown]:
        parts.append(f"{', '.join(left_out)} need a wider terminal")
    return "; ".join(parts)
