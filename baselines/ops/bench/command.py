"""`rebench bench scan`: how fast every backend of the scan is on this machine, once it is right."""

import json as json_format
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from typing import Annotated, Any, get_args

import torch
import typer
from rich.console import Console
from rich.table import Table

from baselines.ops.backends import backends, choose
from baselines.ops.bench.cases import STAGES, Case, Function, paper_cases, small_cases
from baselines.ops.bench.machine import headline, machine
from baselines.ops.bench.measure import copy_rate
from baselines.ops.bench.rows import WRONG, Bench, Row
from baselines.ops.bench.truth import worst
from rebench.errors import RebenchError
from rebench.predict.device import find_device

DTYPES = ("float32", "bfloat16")
_RATIOS = ("x reference", "x mamba_ssm")
HEADINGS = ("ms", "from", "to", *_RATIOS, "least MB", "GB/s", "of copy", "extra MB", "error")


def scan(
    backend: Annotated[
        list[str] | None, typer.Option(help="One to time, repeatable; else every one that works here.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    dtype: Annotated[
        list[str] | None, typer.Option(help="float32 or bfloat16, repeatable; else both.")
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(help="ss2d_scan, sequence_scan or selective_scan, repeatable; else all."),
    ] = None,
    stage: Annotated[
        list[int] | None, typer.Option(help="Only the shapes of stage 1 to 4, repeatable.")
    ] = None,
    states: Annotated[list[int] | None, typer.Option(help="Only N = 1 or 16, repeatable.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Only batches of 1 or 8, repeatable.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few small shapes, to try it out.")] = False,
    patience: Annotated[
        float, typer.Option(min=0, help="Leave out `reference` where one call takes more seconds.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Decides the inputs.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Time the scans at the shapes of the models: milliseconds, ratios, bandwidth and memory per backend.

    The answers of a backend, outputs and every gradient, are first compared with the reference in float64 on
    the very inputs. A backend that is wrong is not timed, and the exit code is 1.
    """
    place = find_device(device)
    names = _backends(place.kind, backend)
    dtypes = [getattr(torch, name) for name in _known("--dtype", dtype, DTYPES)]
    cases = _cases(quick, function, stage, states, batch)
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:  # a file has no width
        console = Console(stderr=True, highlight=False, markup=False, width=160)
    facts = machine(place)
    console.print(headline(facts), soft_wrap=True)
    for found in backends(place.kind):
        if found.problem and not backend:
            console.print(f"without {found.name}: {found.problem}", soft_wrap=True)
    here = torch.cuda.device(place.spec) if place.kind == "cuda" else nullcontext()
    with here, redirect_stdout(sys.stderr), console.status("measuring a copy") as status:
        rate = copy_rate(place.spec)
        console.print(f"a copy reads and writes {rate / 1e9:,.1f} GB/s")
        bench = Bench(
            place.spec,
            names,
            copy_rate=rate,
            seed=seed,
            budget=0.05 if quick else 1.0 if place.kind == "cuda" else 3.0,
            patience=patience,
            report=status.update,
        )
        try:
            rows = [row for case in cases for row in _measured(bench, case, dtypes, console)]
        except KeyboardInterrupt:
            console.print("interrupted: the tables above are all there is")
            raise typer.Exit(130) from None
    fine = not any(row.state in WRONG for row in rows)
    if json:
        head = {"schema_version": 1, "benchmark": "scan", "machine": facts, "copy_bytes_per_second": rate}
        measured = {"seed": seed, "quick": quick, "fine": fine, "rows": [row.document() for row in rows]}
        sys.stdout.write(json_format.dumps(head | measured, indent=2) + "\n")
    if not fine:
        raise typer.Exit(1)


def _cases(
    quick: bool,
    function: Sequence[str] | None,
    stage: Sequence[int] | None,
    states: Sequence[int] | None,
    batch: Sequence[int] | None,
) -> list[Case]:
    """The shapes that were asked for; those of no stage only if no stage was."""
    functions = _known("--function", function, get_args(Function))
    stages = _known("--stage", stage, [*STAGES]) if stage else [*STAGES, None]
    sizes, batches = _known("--states", states, (1, 16)), _known("--batch", batch, (1, 8))
    cases = [
        case
        for case in (small_cases() if quick else paper_cases())
        if case.function in functions and case.stage in stages
        if case.states in sizes and case.batch in batches
    ]
    if not cases:
        raise RebenchError("no shape is left: give fewer of --function, --stage, --states and --batch")
    return cases


def _backends(kind: str, asked: Sequence[str] | None) -> list[str]:
    if asked:
        return [choose(kind, name) for name in dict.fromkeys(asked)]
    return [found.name for found in backends(kind) if found.problem is None]


def _known(option: str, given: Sequence[Any] | None, known: Sequence[Any]) -> list[Any]:
    """What was given, or all; raises RebenchError for what does not exist."""
    if strange := [value for value in given or () if value not in known]:
        raise RebenchError(f"unknown {option} {strange[0]}; known: {', '.join(map(str, known))}")
    return list(dict.fromkeys(given or known))


def _measured(bench: Bench, case: Case, dtypes: Sequence[torch.dtype], console: Console) -> Iterator[Row]:
    """The rows of a case; shown as soon as they are there."""
    rows = [row for dtype in dtypes for row in bench.rows(case, dtype)]
    console.print()
    console.print(_table(case, rows))
    for line in dict.fromkeys(f"{row.dtype} checked against: {row.truth}" for row in rows):
        console.print(f"  {line}", style="dim")
    for line in dict.fromkeys(_note(row) for row in rows if row.note):
        console.print(f"  {line}", style="bold red" if "PARITY" in line else "yellow", soft_wrap=True)
    yield from rows


def _table(case: Case, rows: Sequence[Row]) -> Table:
    stage = f", stage {case.stage}" if case.stage else ""
    title = f"{case.function} {case.shape}, K {case.directions}, N {case.states}, R {case.rank}{stage}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("type", "pass", "backend"):
        table.add_column(heading, min_width=9, no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", min_width=8, no_wrap=True)
    for row in rows:
        table.add_row(row.dtype, "both" if row.backward else "forward", row.backend, *_cells(row))
    return table


def _cells(row: Row) -> list[str]:
    """Numbers of a row, in the order of the headings; "-" where there is none."""
    error = f"{worst(row.errors):.0e}" if row.errors else "-"
    if row.timing is None:
        said = "FAILED PARITY" if row.state == "failed parity" else row.state
        return [said, *["-"] * 8, error]
    times = [f"{t:,.3f}" for t in (row.timing.median, row.timing.low, row.timing.high)]
    ratios = [f"{r:,.2f}" if r else "-" for r in (row.times_reference, row.times_mamba_ssm)]
    rate, share = row.bytes_per_second or 0, row.share_of_copy or 0
    extra = "-" if row.extra_bytes is None else f"{row.extra_bytes / 1e6:,.1f}"
    least = (row.least_bytes or 0) / 1e6
    moved = [f"{least:,.{1 if least > 10 else 3}f}", f"{rate / 1e9:,.2f}", f"{share:.1%}"]
    return [*times, *ratios, *moved, extra, error]


def _note(row: Row) -> str:
    said = "FAILED PARITY" if row.state == "failed parity" else row.state
    which = "both" if row.backward else "forward"
    name = row.dtype if row.errors else f"{row.dtype} {which}"
    return f"{name} {row.backend} {said}: {row.note}"
