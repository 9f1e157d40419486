"""`rebench score`: scores and summary of a run, made again from its predictions."""

from pathlib import Path
from typing import Annotated

import typer


def score(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    protocol: Annotated[
        str | None, typer.Option(help="original, lavt, remamber, cris or rela; else the one of the run.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Score the stored predictions of a run again; no model is needed.

    Another protocol than the run's own needs the logits, which `rebench run --keep-logits` stores: what it
    does before the threshold cannot be applied to a mask.
    """
    from rebench.cli.console import print_json, show_run, stderr
    from rebench.rescoring import rescore

    done = rescore(run, protocol, data_root)
    show_run(done)
    if done.summary["scored_from"] == "logits":
        stderr().print(
            f"masks made anew by protocol {done.summary['protocol']} from the kept logits (float16)",
            soft_wrap=True,
        )
    if json:
        print_json({"schema_version": 1, "runs": [done.as_dict()]})
    if done.failed:
        raise typer.Exit(1)
