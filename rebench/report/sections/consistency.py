"""Is an object found however it is described?"""

from collections.abc import Mapping
from typing import Any

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.labels import group_label
from rebench.report.section import Section
from rebench.report.table import Column, Panel, Row, Table

SEVERAL = {
    "mean_iou": "mean IoU",
    "worst_iou": "worst IoU",
    "all_50": "All@0.5",
    "all_70": "All@0.7",
    "all_90": "All@0.9",
}
IDENTITY = {"accuracy": "mean", "all_right": "all right"}
RETENTION = {
    "simple": "simple right",
    "ambiguous": "ambiguous right",
    "retention": "given simple right",
    "after_wrong": "given simple wrong",
}


def consistency(chapter: Chapter) -> Section | None:
    """Targets with several expressions; None where no run has any."""
    entries = [
        entry
        for entry in chapter.entries
        if "consistency" in entry.summary and entry.summary["consistency"]["several"]["n"]
    ]
    if not entries:
        return None
    return Section(
        "consistency",
        "Consistency",
        (
            "Averages over targets that several expressions refer to, each of which counts once. The"
            " worst of a target's expressions says whether it was found however it was described."
            " Retention: how often an ambiguous expression is right where a simple one of the same target"
            " is.",
        ),
        tables=(_several(chapter, entries),),
        more=(_retention(chapter, entries),),
    )


def _several(chapter: Chapter, entries: list[Entry]) -> Table:
    columns = [Column(("", "model"), numeric=False), Column(("", "targets"))]
    columns += [Column(("all expressions", label)) for label in SEVERAL.values()]
    columns += [Column(("right instance", label)) for label in IDENTITY.values()]
    rows = []
    for entry in entries:
        document = entry.summary["consistency"]
        several, right = document["several"], document["identity"]
        rows.append(
            Row(
                (
                    cells.words(entry.name),
                    cells.count(several["n"]),
                    *(cells.percent(several[name]) for name in SEVERAL),
                    *(cells.percent(right[name]) for name in IDENTITY),
                )
            )
        )
    return Table(
        f"{chapter.slug}-consistency",
        f"Targets with several expressions on {chapter.title}: percent with 95 % intervals from resampling"
        " images. Not tested: nothing is marked.",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _retention(chapter: Chapter, entries: list[Entry]) -> Table:
    columns = [Column(("ambiguous",), numeric=False), Column(("model",), numeric=False)]
    columns += [Column((label,)) for label in ("targets", *RETENTION.values(), "index H")]
    rows = [
        Row(
            (
                cells.words("any kind" if group == "ambiguous" else group_label(group)),
                cells.words(entry.name),
                cells.count(kept["n"]),
                *(cells.percent(kept[name]) for name in RETENTION),
                _index(kept["index"]),
            )
        )
        for group in entries[0].summary["consistency"]["retention"]
        for entry in entries
        if (kept := entry.summary["consistency"]["retention"][group])["n"]
    ]
    return Table(
        f"{chapter.slug}-retention",
        f"From simple to ambiguous on {chapter.title}: percent with 95 % intervals from resampling images;"
        " index: Loevinger's H, 0 where the two answers have nothing to do with each other, 1 where they"
        " are as closely tied as their rates allow.",
        (Panel(tuple(columns), tuple(rows)),),
    )


def _index(estimate: Mapping[str, Any]) -> Any:
    """A number between -1 and 1, not a percentage."""
    from dataclasses import replace

    shown = cells.number(estimate["value"])
    if shown.value is None or estimate["low"] is None or estimate["high"] is None:
        return shown
    return replace(shown, interval=(f"{estimate['low']:.2f}", f"{estimate['high']:.2f}"))
