"""`rebench profile`: what models cost, beside what their papers say."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rebench.profile.profile import Profile
    from rebench.profile.timing import Timing


def profile(
    model: Annotated[
        list[str], typer.Option("--model", "-m", help="As for run: safire:base, module:Class, file.py:Class.")
    ],
    weights: Annotated[
        str | None,
        typer.Option(help="A file, or `untrained`; without: packaged ones, and random ones where none are."),
    ] = None,
    expressions: Annotated[
        str, typer.Option(help="How many expressions of a picture are asked together, such as 1,5.")
    ] = "1,5",
    image: Annotated[Path | None, typer.Option(help="A picture; without: noise of 480 x 640.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    repeats: Annotated[int, typer.Option(min=1, help="Timed passes of each.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of random weights.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Parameters, multiply-adds, time and memory of models, once per picture and per expression.

    The models are loaded one after the other, never two at a time. `--model` may be repeated.
    """
    import gc

    from rebench.cli.console import foreign_output_on_stderr, print_json
    from rebench.predict.registry import load
    from rebench.profile.profile import picture, prepare
    from rebench.profile.profile import profile as look_at

    counts = _counts(expressions)
    shown = picture(image)
    documents = []
    with foreign_output_on_stderr():
        found = [prepare(spec, weights) for spec in dict.fromkeys(model)]
        for source, variant in found:
            done = look_at(load(source, device=device, seed=seed), shown, counts, repeats, variant)
            _show(done)
            documents.append(done.as_dict())
            del done
            gc.collect()
    if json:
        print_json({"schema_version": 1, "models": documents})


def _counts(text: str) -> list[int]:
    from rebench.errors import RebenchError

    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError:
        counts = []
    if not counts or counts[0] < 1:
        raise RebenchError(f"--expressions {text!r}: give numbers from 1 up, such as 1,5")
    return counts


def _show(done: "Profile") -> None:
    from rich.text import Text

    from rebench.cli.console import stderr

    console, record = stderr(), done.loaded.record
    name = f"{record.name}:{record.variant}" if record.variant else record.name
    console.print(Text(name, style="bold"), soft_wrap=True)
    for line in _facts(done):
        console.print(Text(line, style="dim"), soft_wrap=True)
    console.print(_table(done))
    for line in _published(done):
        console.print(Text(line), soft_wrap=True)
    if record.warning:
        console.print(Text(f"note: {record.warning}", style="yellow"), soft_wrap=True)


def _facts(done: "Profile") -> Iterator[str]:
    record, device = done.loaded.record, done.loaded.device
    if done.parameters is None:
        yield "no PyTorch module found: neither parameters nor operations"
    else:
        trained = "all" if done.trainable == done.parameters else f"{done.trainable:,}"
        size = (done.weights_bytes or 0) / 2**20
        yield f"{done.parameters:,} parameters, {trained} trainable, {size:,.0f} MiB {' '.join(done.dtypes)}"
    where = "the model's own choice of device" if device is None else device.name or device.spec
    threads = f", {done.threads} threads" if done.threads and (device is None or device.kind == "cpu") else ""
    yield (
        f"weights {record.weights or 'none named'}, on {where}{threads}, scan by {record.backend or 'none'},"
        f" peak memory {done.memory.peak / 2**20:,.0f} MiB {done.memory.kind}"
    )
    tokens = f", {min(done.tokens)} to {max(done.tokens)} tokens" if done.tokens else ""
    yield (
        f"picture {done.picture[0]} x {done.picture[1]}{tokens}; median of {done.repeats} [least, most]"
        f" after {done.warmup} warm-up"
    )


def _table(done: "Profile") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("once per picture" if done.encode else "", justify="right", no_wrap=True)
    for batch in done.batches:
        many = f"{batch.expressions} expression{'s' * (batch.expressions > 1)}"
        table.add_column(many, justify="right", no_wrap=True)
    parts = [done.encode[0] if done.encode else None, *(batch.operations for batch in done.batches)]
    if any(parts):
        table.add_row("multiply-adds (G)", *(_giga(p.aten if p else None) for p in parts))
        for name in sorted({name for part in parts if part for name in part.others}):
            table.add_row(f"  {name}", *(_giga(p.others.get(name, 0) if p else None) for p in parts))
    for name in sorted({name for part in parts if part for name in part.uncounted}):
        table.add_row(f"  {name}", *("not counted" if p and name in p.uncounted else "" for p in parts))
    times = [done.encode[1] if done.encode else None, *(batch.time for batch in done.batches)]
    table.add_row("time (ms)", *map(_milliseconds, times))
    table.add_section()
    costs = [done.per_expression(batch) for batch in done.batches]
    if all(flops for flops, _ in costs):
        table.add_row("per expression, all in: (G)", "", *(_giga(flops) for flops, _ in costs))
    table.add_row("  (ms)", "", *(f"{1000 * seconds:,.1f}" for _, seconds in costs))
    table.add_row("  expressions per second", "", *(f"{1 / seconds:,.2f}" for _, seconds in costs))
    if len(costs) > 1 and done.batches[0].expressions == 1:
        (flops_of_one, seconds_of_one), *_ = costs
        against = [
            (f"{flops / flops_of_one:.2f}x, " if flops and flops_of_one else "")
            + f"{seconds / seconds_of_one:.2f}x in time"
            for flops, seconds in costs
        ]
        table.add_row("  against one alone", "", *against)
    return table


def _giga(flops: float | None) -> str:
    return "" if flops is None else f"{flops / 2e9:,.3f}"


def _milliseconds(time: "Timing | None") -> str:
    if time is None:
        return ""
    low, high = (1000 * bound for bound in (min(time.seconds), max(time.seconds)))
    return f"{1000 * time.median:,.1f} [{low:,.1f}, {high:,.1f}]"


def _published(done: "Profile") -> Iterator[str]:
    """A line per figure of the paper, with ours beside it."""
    for figure in done.published:
        ours = ", ".join(f"{value:,.2f} {kind}".rstrip() for kind, value in done.own(figure.quantity))
        if ours:
            open_ = f"; the paper does not say: {', '.join(figure.unstated)}" if figure.unstated else ""
            yield (
                f"paper (Table {figure.table}): {figure.quantity}"
                f" {figure.printed.removesuffix(figure.unit)} {figure.unit};"
                f" ours {ours}{open_}"
            ).replace("Table text", "text")
