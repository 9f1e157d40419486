"""The command `rebench`: its subcommands, and what an exception means to a shell."""

import errno
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rebench.cli import (
    bench,
    compare,
    compare_protocols,
    data,
    doctor,
    draw,
    import_,
    leaderboard,
    models,
    probe,
    profile,
    published,
    report,
    run,
    score,
    submit,
    table,
    tag,
    train,
)
from rebench.cli.console import print_error
from rebench.errors import RebenchError

BUG = 70
"""The exit code of an error that is ours (EX_SOFTWARE); the contract has the others: 0, 1, 2, 130."""

ENVIRONMENT = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
    *(errno.ENAMETOOLONG, errno.ELOOP),
)
"""What a disk, a permission or a path that cannot be does to us, wherever it happens: no bug."""


class Commands(TyperGroup):
    """The group of all commands; the one place where an exception becomes a line and an exit code."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Runs a command line and exits; `--debug` may stand anywhere in it."""
        given = list(sys.argv[1:] if args is None else args)
        given.sort(key=lambda word: word != "--debug")
        try:
            code = super().main(given, *rest, **options | {"standalone_mode": False})
        except Exception as error:
            if not hasattr(error, "format_message"):  # Typer's own, for a wrong command line
                raise
            _explain_usage(error)
            code = getattr(error, "exit_code", 2)
        sys.exit(code)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. Wrong requests end with 2, an interrupt with 130."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe shows here, not after the last line of ours
            return result
        except KeyboardInterrupt:
            again = "the same command without --fresh" if "--fresh" in sys.argv else "the same command"
            print_error(f"interrupted: what is done is kept, {again} continues")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            raise
        except Exception as error:
            if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):  # Typer's own
                raise
            cause = error.__context__
            if isinstance(error, RuntimeError) and isinstance(cause, OSError) and cause.errno == errno.ELOOP:
                error = cause  # what Path.resolve makes of a loop of links before Python 3.13
            if isinstance(error, OSError) and error.errno in ENVIRONMENT:
                error = RebenchError(f"{error.filename or 'output'}: {error.strerror}").with_traceback(
                    error.__traceback__
                )
            _explain(error, ctx.params.get("debug", False))
            raise typer.Exit(2 if isinstance(error, RebenchError) else BUG) from None


def _explain_usage(error: Any) -> None:
    message = error.format_message()
    if "\n" in message:  # the help of a command that was given nothing
        error.show()
    else:
        command = error.ctx.command_path if error.ctx else "rebench"
        print_error(f"{message.removesuffix('.')}: see `{command} --help`")


def _explain(error: Exception, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exception(error)
    elif isinstance(error, RebenchError):
        print_error(str(error))
    else:
        print_error(f"{type(error).__name__}: {error} - this is a bug in rebench: --debug shows where")


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        import rebench

        sys.stdout.write(f"rebench {rebench.__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Evaluate referring image segmentation on expressions that are ambiguous."""


# The short help of a command is its line in the list, which is cut off after some fifty characters.
app.command()(run.run)
app.command(short_help="Score the stored predictions of a run again.")(score.score)
app.command(short_help="Is one run better than another, and how sure is that?")(compare.compare)
app.command("compare-protocols", short_help="Score the kept logits of a run by every protocol.")(
    compare_protocols.compare_protocols
)
app.command("import")(import_.import_)
app.add_typer(data.app, name="data", help="What the splits need, and whether it is there.")
app.command(short_help="Add a run to a leaderboard.")(submit.submit)
app.add_typer(leaderboard.app, name="leaderboard", help="Boards: verify, render, export, begin one.")
app.command(short_help="Draw random predictions of every group.")(draw.draw)
app.command(short_help="List the registered models and their variants.")(models.models)
app.command(short_help="What other sentences do to a model's predictions.")(probe.probe)
app.command(short_help="Parameters, operations, time and memory of models.")(profile.profile)
app.add_typer(published.app, name="published", help="What papers print: list, audit, check the ledger.")
app.command(short_help="Write HTML, LaTeX, Markdown and CSV of runs.")(report.report)
app.command(short_help="Print a table of a paper, with your runs in it.")(table.table)
app.command(short_help="Tag expressions by their kind of ambiguity.")(tag.tag)
app.command(short_help="Train a model; the same command continues.")(train.train)
app.command(short_help="Check everything that a run needs.")(doctor.doctor)
app.add_typer(bench.app, name="bench", help="How fast what we compute with is on this machine.")


def main() -> None:
    """The entry point of `rebench` and `python -m rebench`."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by a shell or a scheduler
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until we end
    app()
