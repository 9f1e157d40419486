"""`rebench bench`: benchmarks, found by the entry points `rebench.benchmarks`.

A benchmark is a function whose parameters are annotated for typer, as our own commands are: it becomes the
subcommand of its name, with options of its own, and is imported when it is asked for.
"""

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from rebench.errors import RebenchError

GROUP = "rebench.benchmarks"


def benchmarks() -> dict[str, EntryPoint]:
    """The registered benchmarks by name, none of them imported."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


class Benchmarks(TyperGroup):
    """The group of all benchmarks."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(benchmarks())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The benchmark of this name as a command. Raises RebenchError: there is none, or it fails."""
        from rebench.predict.imports import call_foreign

        known = benchmarks()
        if cmd_name not in known:
            names = ", ".join(known) or "none is registered: pip install -e ."
            raise RebenchError(f"no benchmark {cmd_name!r}; known: {names}")
        entry = known[cmd_name]
        function = call_foreign(entry.load, {}, f"benchmark {cmd_name!r} ({entry.value}) cannot be imported")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(function)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Lists them on the help page without importing them."""
        rows = [(name, entry.value) for name, entry in benchmarks().items()]
        if rows:
            with formatter.section("Benchmarks"):
                formatter.write_dl(rows)


app = typer.Typer(cls=Benchmarks, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def list_(ctx: typer.Context) -> None:
    """Time what we compute with on this machine. Without a name: list the benchmarks, one per line."""
    if ctx.invoked_subcommand is None:
        for name, entry in benchmarks().items():
            sys.stdout.write(f"{name:20} {entry.value}\n")
        if not benchmarks():
            sys.stderr.write("no benchmarks are registered: pip install -e .\n")
