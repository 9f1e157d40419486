"""From folders of runs to the content of a report; the only part of reports that reads and computes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rebench.errors import RebenchError
from rebench.metrics.aggregate import sample_values
from rebench.metrics.protocols import get_protocol
from rebench.report.content import BINS, QUANTILES, Chapter, Entry, Report, Spread, Times
from rebench.report.warnings import warnings_of
from rebench.store.folder import RunFolder, folder_name

if TYPE_CHECKING:
    import pandas as pd

    from rebench.comparing import RunComparison
    from rebench.data.split import Split
    from rebench.evaluation import Run
    from rebench.report.cards import Gallery
    from rebench.stats import Settings


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes:
        metrics: to be tested; oIoU and mIoU where None.
        settings: of the comparison.
        common: compares what all runs of a chapter have, where some lack expressions.
        data_root: where the pictures of the gallery lie.
        pictures: about how many expressions the gallery of a chapter shows; 0 for no gallery.
        protocols: scores runs that kept their logits by every protocol.
        split: the split itself, where it is already loaded.
    """

    metrics: Sequence[str] | None = None
    settings: "Settings | None" = None
    common: bool = False
    data_root: str | Path | None = None
    pictures: int = 48
    protocols: bool = True
    split: "Split | None" = None


def gather(
    runs: Sequence[str | Path], request: Request | None = None, tell: Callable[[str], None] = lambda _: None
) -> Report:
    """Reads runs and computes what they have to say together.

    Args:
        runs: their folders; "NAME=FOLDER" names one, as for `rebench compare`.
        request: what is wanted.
        tell: is told what is being done.

    Raises:
        RebenchError: no runs; a folder without a scored run; runs of one chapter that cannot be compared.
    """
    if not runs:
        raise RebenchError("a report needs at least one run: give the folder of a `rebench run`")
    from rebench.comparing import name_and_folder

    wanted = request or Request()
    places: dict[tuple[str, str, str], list[str]] = {}
    for text in map(str, runs):
        folder = RunFolder(name_and_folder(text)[1])
        record, summary = folder.record, folder.summary()
        key = record.split.name, str(summary.get("protocol")), record.split.manifest_sha256
        places.setdefault(key, []).append(text)
    chapters: list[Chapter] = []
    lost: list[str] = []
    for (split, protocol, manifest), given in places.items():
        tell(f"{split}, protocol {protocol}: {len(given)} run{'s' * (len(given) > 1)}")
        others = [key for key in places if key[0] == split]
        title = split
        if len({key[1] for key in others}) > 1:
            title += f", protocol {protocol}"
        if len({key[2] for key in others if key[1] == protocol}) > 1:
            title += f", manifest {manifest[:8]}"
        slug = _unused(folder_name(title.replace(", ", "-").replace(" ", "-")), chapters)
        chapter, unscored = _chapter(given, slug, title, wanted, tell)
        chapters.append(chapter)
        lost += [f"{name} on {title}: no comparison of protocols: {why}" for name, why in unscored.items()]
    return Report(tuple(chapters), (*warnings_of(chapters), *lost))


def _unused(slug: str, chapters: Sequence[Chapter]) -> str:
    taken, number, found = {chapter.slug for chapter in chapters}, 2, slug
    while found in taken:
        found, number = f"{slug}-{number}", number + 1
    return found


def _chapter(
    given: Sequence[str], slug: str, title: str, wanted: Request, tell: Callable[[str], None]
) -> tuple[Chapter, dict[str, str]]:
    """The chapter, and why a run that kept logits is not scored by every protocol, by its name."""
    from rebench.comparing import compare_folders, model_name, name_and_folder
    from rebench.evaluation import Run

    done: RunComparison | None = None
    if len(given) > 1:
        done = compare_folders(given, wanted.metrics, wanted.settings, common=wanted.common)
        named = _distinct(list(done.runs))
    else:
        name, folder = name_and_folder(given[0])
        run = Run.read(folder)
        named = [(name or model_name(run), run)]
    first = named[0][1]
    split = first.record.split.name
    entries = tuple(_entry(name, run) for name, run in named)
    shown, sensitivity, unscored = _with_split(named, wanted, tell)
    chapter = Chapter(
        slug=slug,
        title=title,
        split=split,
        protocol=first.summary["protocol"],
        entries=entries,
        samples=done.samples if done else len(first.scores),
        images=done.images if done else int(first.scores["image_id"].nunique()),
        image_ids=frozenset(first.scores["image_id"].tolist()),
        left_out=done.left_out if done else 0,
        metrics=done.metrics if done else (),
        panel=done.panel if done else None,
        power=done.power if done else (),
        seeds=done.seeds if done else (),
        sensitivity=sensitivity,
        gallery=shown,
    )
    return chapter, unscored


def _distinct(named: "list[tuple[str, Run]]") -> "list[tuple[str, Run]]":
    """Training seeds of one model are told apart by their place in the list."""
    names = [name for name, _ in named]
    return [
        (f"{name} (seed {names[:i].count(name) + 1})" if names.count(name) > 1 else name, run)
        for i, (name, run) in enumerate(named)
    ]


def _entry(name: str, run: "Run") -> Entry:
    times = _times(RunFolder(run.path).predictions(["sample_id", "status", "seconds"]))
    return Entry(name, str(run.path), run.record, run.summary, _spread(run), times)


def _spread(run: "Run") -> Spread | None:
    scores, protocol = run.scores, get_protocol(run.summary["protocol"])
    shared, union = (scores[name].to_numpy(float) for name in ("intersection", "union"))
    values = sample_values(shared, union, protocol)[:, 2]
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    counts, _ = np.histogram(values, BINS, (0.0, 1.0))
    levels = np.quantile(values, QUANTILES).tolist()
    return Spread(
        tuple((counts / len(values)).tolist()),
        float(values.mean()),
        dict(zip(QUANTILES, levels, strict=True)),
        float((values == 0).mean()),
    )


def _times(predictions: "pd.DataFrame") -> Times | None:
    seconds = predictions.loc[predictions["status"].eq("ok"), "seconds"].to_numpy(float)
    seconds = seconds[np.isfinite(seconds)]
    if not len(seconds):
        return None
    median, slow = np.quantile(seconds, [0.5, 0.95]).tolist()
    return Times(len(seconds), median, slow, float(seconds.sum()))


def _with_split(
    named: "list[tuple[str, Run]]", wanted: Request, tell: Callable[[str], None]
) -> "tuple[Gallery | None, dict[str, Any], dict[str, str]]":
    """What needs the data: pictures, and scores by other protocols or why a run has none.

    Without the data, the gallery says why.
    """
    from rebench.report.cards import build_gallery
    from rebench.rescoring import split_of

    kept = [(name, run) for name, run in named if run.record.logits] if wanted.protocols else []
    if not wanted.pictures and not kept:
        return None, {}, {}
    run, reason = named[0][1], ""
    split: Split | None = None
    try:
        split = split_of(run.path, run.record, wanted.data_root, wanted.split)
    except RebenchError as error:
        reason = str(error)
    sensitivity: dict[str, Any] = {}
    unscored: dict[str, str] = {}
    if split:
        from rebench.protocol_comparison import compare_protocols

        for name, run in kept:
            tell(f"{name}: scored by every protocol")
            try:
                sensitivity[name] = compare_protocols(run.path, split=split)
            except RebenchError as error:  # logits that are gone or damaged
                unscored[name] = str(error)
    gallery = build_gallery(named, split, reason, wanted.pictures) if wanted.pictures else None
    return gallery, sensitivity, unscored
