"""`rebench run`: models on splits, to scores."""

from pathlib import Path
from typing import Annotated, Any

import typer

Models = Annotated[
    list[str],
    typer.Option(
        "--model", "-m", help="A registered name (safire, safire:tiny), module:Class or file.py:Class."
    ),
]
Splits = Annotated[list[str], typer.Option("--split", "-s", help="scenes, arefcoco, refcoco:testA, ...")]


def run(
    model: Models,
    split: Splits,
    weights: Annotated[Path | None, typer.Option(help="A file for the model, or `untrained`.")] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Runs go to OUT/<split>/<model>/.")] = Path("runs"),
    protocol: Annotated[str, typer.Option(help="original, lavt, remamber, cris or rela.")] = "original",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many expressions.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    batch_size: Annotated[
        int, typer.Option(min=1, help="The most expressions in one call of the model.")
    ] = 16,
    seed: Annotated[int, typer.Option(min=0, help="For the model and the intervals.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew in the place of an older run.")] = False,
    keep_logits: Annotated[
        bool,
        typer.Option("--keep-logits", help="Store logits too (float16), for scoring by any protocol."),
    ] = False,
    probe: Annotated[
        list[str] | None,
        typer.Option(
            help="Ask other sentences too: all, or"
            " category, empty, other-target, shuffled, no-distractors, explicit."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Run models on splits and score them.

    Started again, an interrupted run continues where it was, and a finished one is only shown;
    expressions that failed count as done. `--model`, `--split` and `--probe` may be repeated.
    """
    from rebench.ambiguity.probes import find_probes
    from rebench.cli.console import RunProgress, foreign_output_on_stderr, print_json, show_run, stderr
    from rebench.cli.probe import show_probes
    from rebench.data.catalogue import load_split
    from rebench.evaluation import evaluate
    from rebench.metrics.protocols import get_protocol
    from rebench.predict.registry import find, load
    from rebench.probing import report_probes, run_probes

    get_protocol(protocol)
    probes = find_probes(probe or ())
    options: dict[str, Any] = {
        "out": out.resolve(),  # a model may change the folder it works in
        "protocol": protocol,
        "batch_size": batch_size,
        "limit": limit,
        "seed": seed,
        "fresh": fresh,
        "keep_logits": keep_logits,
        "progress": RunProgress(),
    }
    documents, failed = [], 0
    with foreign_output_on_stderr():
        found = [find(spec, weights) for spec in dict.fromkeys(model)]
        _check_apart([source.spec for source in found])
        loaded_splits = {chosen.name: chosen for chosen in (load_split(name, data_root) for name in split)}
        for source in found:
            predictor = load(source, device=device, seed=seed)
            for chosen in loaded_splits.values():
                done = evaluate(predictor, chosen, **options)
                show_run(done)
                documents.append(done.as_dict())
                failed += done.failed
                if probes:
                    failed += sum(one.failed for one in run_probes(predictor, chosen, probes, **options))
                    documents[-1]["probes"] = report_probes(done, chosen, probes)
                    show_probes(documents[-1]["probes"], done.path)
    if json:
        print_json({"schema_version": 1, "runs": documents})
    if failed:
        stderr().print("failed expressions count as done: once mended, --fresh begins the run anew")
        raise typer.Exit(1)


def _check_apart(specs: list[str]) -> None:
    """Raises RebenchError if the runs of two models would lie in one folder."""
    from rebench.errors import RebenchError
    from rebench.store.folder import folder_name

    folders: dict[str, str] = {}
    for spec in specs:
        other = folders.setdefault(folder_name(spec), spec)
        if other != spec:
            raise RebenchError(
                f"the runs of {other!r} and {spec!r} would both lie in {folder_name(spec)}: run them with"
                " an --out of their own"
            )
