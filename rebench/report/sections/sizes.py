"""Small and large referents, and how well edges are drawn."""

from typing import Any

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.section import Section
from rebench.report.table import Cell, Column, Panel, Row, Table
from rebench.stats.verdicts import metric_label

COCO = {"small": "small (< 32²)", "medium": "medium", "large": "large (≥ 96²)"}
QUARTERS = {"smallest": "smallest", "second": "second", "third": "third", "largest": "largest"}


def sizes(chapter: Chapter) -> Section | None:
    """mIoU by the size of the referent, and boundary IoU; None where no run has them."""
    entries = [entry for entry in chapter.entries if "sizes" in entry.summary and "edges" in entry.summary]
    if not entries:
        return None
    return Section(
        "sizes",
        "Sizes and edges",
        (
            "COCO's sizes count the referent's pixels in the picture; quarters are by its share of the"
            " picture. Boundary IoU compares the pixels near the contours, which mask IoU hardly sees on"
            " large things.",
        ),
        tables=(_table(chapter, entries, "miou"),),
        more=(_table(chapter, entries, "oiou"),),
    )


def _table(chapter: Chapter, entries: list[Entry], metric: str) -> Table:
    columns = [Column(("", "model"), numeric=False)]
    columns += [Column(("COCO", label)) for label in COCO.values()]
    columns += [Column(("quarter of the expressions", label)) for label in QUARTERS.values()]
    columns.append(Column(("boundary IoU", "overall")))
    rows = tuple(Row((cells.words(entry.name), *_row(entry.summary, metric)), "models") for entry in entries)
    first = entries[0].summary["sizes"]
    counts = [first["coco"][name]["n"] for name in COCO] + [first["relative"][name]["n"] for name in QUARTERS]
    n = Row((cells.words("expressions"), *map(cells.count, counts), Cell()), "size")
    return Table(
        f"{chapter.slug}-sizes-{metric}",
        f"{metric_label(metric)} by the size of the referent, and boundary IoU, on {chapter.title}: percent"
        " with 95 % intervals from resampling images. Not tested: nothing is marked.",
        (Panel(tuple(columns), (*rows, n)),),
    )


def _row(summary: Any, metric: str) -> list[Cell]:
    sized = summary["sizes"]
    found = [sized["coco"][name].get(metric) for name in COCO]
    found += [sized["relative"][name].get(metric) for name in QUARTERS]
    return [cells.percent(estimate) for estimate in (*found, summary["edges"]["overall"]["biou"])]
