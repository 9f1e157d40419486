"""What a reader has to know about a published number, and about a table of them, in words."""

from collections.abc import Iterator, Sequence

from rebench.published.ledger import Ledger
from rebench.published.measured import MeasuredRow, Verdicts
from rebench.published.presets import Preset
from rebench.published.schema import Conflict, Efficiency, Result

OPEN = ("value", "split-label", "backbone-label", "plausibility")
"""Kinds of conflict that are about single numbers; one without a correction is told beside them."""

OURS = "our words: the paper has tick marks only"
_TRAINING = {"single": "one data set", "mixed": "several data sets", "mixed+ft": "several, then fine-tuned"}
_DOUBT = "DOUBTFUL"


def of_result(row: Result, now: Result, ledger: Ledger) -> tuple[str, ...]:
    """The footnotes of a result `row` that our verdicts read as `now`."""
    notes, corrections = list[str](), ledger.corrections_of.get(row.id, ())
    moved = [c for c in corrections if c.field in ("value", "split")]
    if moved:
        under = f" under {row.split}" if now.split != row.split else ""
        verdicts = dict.fromkeys(_verdict(ledger.conflict[c.conflict]) for c in moved)
        notes.append(f"printed {row.printed}{under}; {' '.join(verdicts)}")
    if row.likely_metric != row.metric:
        told = row.metric_as_labelled or "no metric"
        reasons = [c for c in _conflicts(row.id, ledger) if c.kind == "metric-label"]
        notes.append(f"printed as {told}" + (f"; {_verdict(reasons[0])}" if reasons else ""))
    if not moved:
        notes += _open(row.id, ledger)
        if row.note and _DOUBT in row.note:
            notes.append("doubtful" + row.note[row.note.index(_DOUBT) + len(_DOUBT) :])
    return tuple(notes)


def of_efficiency(row: Efficiency, ledger: Ledger) -> tuple[str, ...]:
    """The footnotes of a cost."""
    return tuple(_open(row.id, ledger))


def of_words(row: Result | Efficiency, field: str, ledger: Ledger) -> tuple[str, ...]:
    """The footnotes of a name or label: what was printed in its place."""
    corrections = [c for c in ledger.corrections_of.get(row.id, ()) if c.field == field]
    return tuple(f"printed {c.printed}; {_verdict(ledger.conflict[c.conflict])}" for c in corrections)


def _conflicts(name: str, ledger: Ledger) -> list[Conflict]:
    return ledger.conflicts_of.get(name, [])


def _verdict(conflict: Conflict) -> str:
    return f"{conflict.id}: {conflict.verdict}"


def _open(name: str, ledger: Ledger) -> Iterator[str]:
    """Conflicts about this number that no correction settles."""
    settled = {correction.conflict for correction in ledger.corrections}
    for conflict in _conflicts(name, ledger):
        if conflict.kind in OPEN and conflict.id not in settled:
            yield f"{conflict.id}, {conflict.subject}: {conflict.verdict}"


def caption(
    preset: Preset,
    ledger: Ledger,
    results: Sequence[Result],
    runs: Sequence[MeasuredRow] = (),
    verdicts: Verdicts | None = None,
) -> str:
    """What the table shows and how to read it, in sentences."""
    papers = {paper.id: f"{paper.name} ({paper.venue})" for paper in ledger.papers}
    parts = [f"{papers.get(preset.paper, preset.paper)}, Table {preset.table}: {preset.title}"]
    parts.append(f"{'Percent, as' if results else 'As'} printed except where a letter says so")
    parts += _training(results)
    parts += [note[0].upper() + note[1:] for note in _shared(results)]
    parts.append("No published number is marked as best: no test is possible among them")
    if runs:
        parts += _measured(runs, verdicts)
    return ". ".join(parts) + "."


def _training(results: Sequence[Result]) -> Iterator[str]:
    """What all models were trained on, where that is one thing."""
    found = {(row.training, row.training_basis) for row in results}
    if len(found) == 1 and (pair := found.pop())[0]:
        training, basis = pair
        yield f"Trained on {_TRAINING.get(str(training), training)}" + (f" ({basis})" if basis else "")


def _shared(results: Sequence[Result]) -> list[str]:
    """The parts of the ledger's notes that all results have."""
    notes = [(row.note or "").split("; ") for row in results]
    return [part for part in (notes[0] if notes else ()) if part and all(part in note for note in notes)]


def _measured(runs: Sequence[MeasuredRow], verdicts: Verdicts | None) -> Iterator[str]:
    """How the measured rows came about, and what their marks say."""
    import rebench

    every = [run for row in runs for run in row.runs.values()]
    protocols = ", ".join(dict.fromkeys(str(run.summary["protocol"]) for run in every))
    levels = ", ".join(dict.fromkeys(f"{100 * run.summary['interval']['level']:g} %" for run in every))
    made = f"rebench {rebench.__version__}, protocol {protocols}"
    yield f"Measured rows: {made}, {levels} intervals over images"
    if verdicts and verdicts.tests:
        family = f"Holm over {verdicts.tests}, level {verdicts.alpha:g}"
        rule = f"paired permutation tests over images, {family}"
        if verdicts.marks:
            best = "Bold: no other measured row is shown to be better"
            yield f"{best}; underlined: the same among those that are not bold ({rule})"
        else:
            yield f"None of the measured is shown to be better than another ({rule})"
