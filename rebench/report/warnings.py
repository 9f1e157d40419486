"""What a reader of a report has to know before the first number."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rebench.report.content import Chapter, Entry

PARTS = ("identity", "sizes", "edges", "consistency", "slices")
"""The parts of a summary that older versions did not write."""


def warnings_of(chapters: "Iterable[Chapter]") -> Iterator[str]:
    """One sentence each, of every run and every chapter."""
    chapters = tuple(chapters)
    for chapter in chapters:
        told: dict[str, list[str]] = {}
        for entry in chapter.entries:
            for text in _of_run(entry):
                told.setdefault(text, []).append(entry.name)
        for text, names in told.items():
            every = 2 < len(names) == len(chapter.entries)
            yield f"{'all runs' if every else ', '.join(names)} on {chapter.title}: {text}"
        yield from (f"{chapter.title}: {text}" for text in _of_chapter(chapter))
    if len({chapter.protocol for chapter in chapters}) > 1:
        yield "scores under different protocols stand in chapters of their own and cannot be compared"


def _of_run(entry: "Entry") -> Iterator[str]:
    record, summary = entry.record, entry.summary
    coverage = summary["coverage"]
    if record.model.warning:
        yield record.model.warning
    if not coverage.get("whole", True):
        yield f"a part of the split only, {coverage['text']}"
    elif record.status != "complete":
        yield "the run is not complete"
    if coverage["failed"]:
        yield f"{coverage['failed']:,} expressions failed and have no score"
    if record.split.name in record.model.trained_on:
        yield "the model says that it was trained on this very split"
    if lacking := [name for name in PARTS if name not in summary]:
        yield f"scored by an older version, without {', '.join(lacking)}: `rebench score RUN` adds them"
    if record.environment.dirty:
        yield "made by source code with changes that are in no commit"
    yield from (f"note: {note}" for note in summary.get("notes", ()))


def _of_chapter(chapter: "Chapter") -> Iterator[str]:
    entries = chapter.entries
    if chapter.left_out:
        yield (
            f"the tests leave out {chapter.left_out:,} expressions that only some runs have scored;"
            " the numbers of each run are over its own"
        )
    for what, told in {
        "versions of rebench": {entry.record.environment.rebench for entry in entries},
        "versions of the tagger": {
            str(entry.summary["tagger"]) for entry in entries if "tagger" in entry.summary
        },
    }.items():
        if len(told) > 1:
            yield f"the runs come from different {what} ({', '.join(sorted(told))})"
    labelled = entries[0].summary.get("labelled") or {}
    if unknown := labelled.get("unknown"):
        yield f"the tagger cannot read {unknown:,} expressions; they are in a group of their own"
    if labelled.get("tagged"):
        yield f"the groups of {labelled['tagged']:,} expressions come from rules, not from annotators"
    if chapter.panel:
        yield from chapter.panel.notes
    if chapter.gallery and chapter.gallery.problem:
        yield f"no pictures: {chapter.gallery.problem}"
