"""How much of a score is the protocol's."""

from rebench.report import cells
from rebench.report.content import Chapter, Entry, Report
from rebench.report.section import Section
from rebench.report.table import Column, Panel, Row, Table
from rebench.stats.verdicts import metric_label

METRICS = ("oiou", "miou", "pr50", "pr70", "pr90")


def protocols(chapter: Chapter) -> Section | None:
    """The runs that kept their logits, scored by every protocol; None where there is none."""
    if not chapter.sensitivity:
        return None
    columns = [Column((name,), numeric=False) for name in ("model", "protocol")]
    columns += [Column((label,)) for label in ("n", *map(metric_label, METRICS))]
    rows = []
    for name, document in chapter.sensitivity.items():
        for protocol, row in document["protocols"].items():
            shown = [cells.share(row[metric]) for metric in METRICS]
            rows.append(Row((cells.words(name), cells.words(protocol), cells.count(row["n"]), *shown), name))
        spread = [cells.share(document["spread"][metric]) for metric in METRICS]
        rows.append(
            Row((cells.words(name), cells.words("largest less smallest"), cells.count(None), *spread), name)
        )
    table = Table(
        f"{chapter.slug}-protocols",
        f"The same logits under every protocol, on {chapter.title}, in percent: the rows of a model"
        " differ by the protocol alone. Empty: the protocol computes no such metric.",
        (Panel(tuple(columns), tuple(rows)),),
    )
    return Section(
        "protocols",
        "Protocols",
        ("Code bases differ in how they resize, threshold and count. A gap below this spread is none.",),
        tables=(table,),
    )


def same_model(report: Report) -> Section | None:
    """Runs of one model on one split under several protocols; None where there is none."""
    found: dict[tuple[str | None, ...], list[tuple[Chapter, Entry]]] = {}
    for chapter in report.chapters:
        for entry in chapter.entries:
            model, split = entry.record.model, entry.record.split
            weights = model.weights_sha256, model.code_sha256
            key = (model.name, model.variant, *weights, split.name, split.manifest_sha256)
            found.setdefault(key, []).append((chapter, entry))
    several = [pairs for pairs in found.values() if len({chapter.protocol for chapter, _ in pairs}) > 1]
    if not several:
        return None
    columns = [Column((name,), numeric=False) for name in ("model", "split", "protocol")]
    columns += [Column((metric_label(metric),)) for metric in METRICS]
    rows = tuple(
        Row(
            (
                *map(cells.words, (entry.name, chapter.split, chapter.protocol)),
                *(cells.percent(entry.summary["overall"][metric]) for metric in METRICS),
            ),
            f"{entry.name} on {chapter.split}",
        )
        for pairs in several
        for chapter, entry in pairs
    )
    table = Table(
        "same-model",
        "One model and split under several protocols: percent with 95 % intervals from resampling images."
        " Empty: the protocol computes no such metric.",
        (Panel(tuple(columns), rows),),
    )
    return Section("same-model", "The same model under several protocols", tables=(table,))
