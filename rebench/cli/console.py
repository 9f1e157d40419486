"""What a person sees while a command works; all of it on stderr, so that stdout is for programs."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rebench.errors import one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from rebench.evaluation import Run
    from rebench.store.record import RunRecord, SplitRecord


@cache
def stderr() -> "Console":
    """The console on stderr; wide enough for a table where nobody looks."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return (
        console
        if console.is_terminal
        else Console(stderr=True, highlight=False, width=max(console.width, 120))
    )


def print_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a command, on stdout; in ASCII, which every terminal and pipe takes."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def print_error(message: str) -> None:
    """One line, `error: ...`, whatever the message holds."""
    sys.stderr.write(f"error: {one_line(message)}\n")


@contextmanager
def foreign_output_on_stderr() -> Iterator[None]:
    """What a model prints, from Python, C or a process of its own, goes to stderr: stdout is ours."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def print_warning(record: "RunRecord") -> None:
    """What the model warns of, so that nobody misses it."""
    if record.model.warning:
        from rich.text import Text

        stderr().print(Text(f" WARNING  {record.model.warning} ", style="bold white on red"), soft_wrap=True)


def show_run(done: "Run") -> None:
    """The results of a run: the tables, what is wrong with them, and where they lie."""
    from rich.text import Text

    scored = replace(done.record, protocol=done.summary["protocol"])
    title = headline(scored, done.summary["coverage"]["text"])
    if done.summary["overall"]["n"]:
        _show_tables(done, title)
    else:  # tables of nothing would only hide why
        stderr().print(Text(title), soft_wrap=True)
    for note in done.summary.get("notes", ()):
        stderr().print(Text(f"note: {note}", style="dim"), soft_wrap=True)
    print_warning(done.record)
    if _covers_everything(done):
        line = (
            "nearly every mask covers the whole picture: logits are wanted (above 0 is the referent),"
            " not probabilities"
        )
        stderr().print(Text(line, style="yellow"), soft_wrap=True)
    if done.failed:
        plural = "s" * (done.failed > 1)
        line = f"{done.failed:,} expression{plural} failed: {done.first_failure}"
        stderr().print(Text(line, style="red"), soft_wrap=True)
    stderr().print(Text(f"scores and predictions: {done.path}", style="dim"), soft_wrap=True)


def _covers_everything(done: "Run") -> bool:
    """Whether the masks look as those of a model do that answers probabilities: all of them above 0."""
    scores = done.scores
    if scores.empty or "picture_area" not in scores:  # an older version
        return False
    return bool((scores["predicted_area"] == scores["picture_area"]).mean() > 0.9)


def _show_tables(done: "Run", title: str) -> None:
    from rebench.cli.tables import further_lines, identity_table, rest_of_identity, summary_table

    stderr().print(summary_table(done.summary, title, stderr().width))
    if "identity" in done.summary:
        stderr().print()
        stderr().print(identity_table(done.summary["identity"], stderr().width))
        for line in (rest_of_identity(done.summary["identity"]), *further_lines(done.summary)):
            if line:
                stderr().print(line, soft_wrap=True)
    else:
        line = f"scored by an older version: `rebench score {done.path}` adds identity and sizes"
        stderr().print(line, soft_wrap=True, markup=False)


class RunProgress:
    """The header of a run and its bar: rate, remaining time, failures."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._failed = 0

    def begin(self, record: "RunRecord", path: Path, total: int, pending: int) -> None:
        """Prints what is run on what, and starts the bar."""
        from rich.text import Text

        stderr().print(Text(headline(record, _size(record.split, total)), style="bold"), soft_wrap=True)
        stderr().print(Text(details(record, path), style="dim"), soft_wrap=True)
        print_warning(record)
        self._failed = 0
        if not pending:
            stderr().print(f"nothing left to predict: all {total:,} expressions are there")
            return
        if pending < total:
            stderr().print(f"continues with {pending:,} of {total:,} expressions")
        self._bar = _bar()
        self._task = self._bar.add_task("predicting", total=total, completed=total - pending, failed="")
        self._bar.start()

    def advance(self, answered: int, failed: int) -> None:
        """Moves the bar."""
        if self._bar is None or self._task is None:
            return
        self._failed += failed
        note = f"{self._failed:,} failed" if self._failed else ""
        self._bar.update(self._task, advance=answered + failed, failed=note)

    def end(self) -> None:
        """Leaves the bar as it is."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class TrainProgress:
    """The step a training is at, and a line for every check; a context manager."""

    def __init__(self) -> None:
        self._status = stderr().status("preparing")

    def report(self, step: int, row: Mapping[str, float]) -> None:
        """Takes note of a step; `row` holds what was measured there, if anything was."""
        self._status.update(f"step {step:,}")
        if row:
            facts = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
            stderr().print(f"step {step:,}  {facts}", soft_wrap=True)

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()


def headline(record: "RunRecord", size: str) -> str:
    """ "safire:tiny on scenes:test: 3,000 expressions, protocol original"; `size` says of how many."""
    model = record.model
    variant = f":{model.variant}" if model.variant else ""
    return f"{model.name}{variant} on {record.split.name}: {size}, protocol {record.protocol}"


def _size(split: "SplitRecord", asked: int) -> str:
    """How many expressions are asked for, and of how many where `--limit` or the data lack some."""
    if asked == split.expressions:
        return split.coverage
    official = split.official.expressions if split.official else None
    return f"{asked:,} of {official or split.expressions:,} expressions"


def details(record: "RunRecord", path: Path) -> str:
    """Weights, size, backend, device and place of a run, in one line."""
    model, environment = record.model, record.environment
    parameters = "size unknown" if model.parameters is None else f"{model.parameters:,} parameters"
    facts = {
        "weights": model.weights or "none named",
        "": parameters,
        "backend": model.backend or "none named",
        "device": environment.device_name or environment.device or "the model's own choice",
        "in": str(path),
    }
    return ", ".join(f"{name} {fact}".strip() for name, fact in facts.items())


def _bar() -> "Progress":
    from rich import progress

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        _rate_column(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("[red]{task.fields[failed]}"),
        console=stderr(),
    )


def _rate_column() -> Any:
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Expressions per second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.1f}/s" if speed else "-/s", style="progress.data.speed")

    return RateColumn()
