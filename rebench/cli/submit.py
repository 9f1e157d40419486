"""`rebench submit`: a run as an entry of a leaderboard, shown before it is written."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rebench.leaderboard.submit import Proposal

Links = Annotated[str | None, typer.Option(help="An https address.")]


def submit(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Folder of a run; or ledger:ID,ID for printed numbers.")
    ],
    leaderboard: Annotated[Path, typer.Option(help="The board's JSON file.")],
    source: Annotated[
        str, typer.Option(help="measured, or author: with the checkpoint that its authors released.")
    ] = "measured",
    name: Annotated[str | None, typer.Option(help="Of the model; else as the run has it.")] = None,
    variant: Annotated[str | None, typer.Option(help="Of the model; else as the run has it.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Of the model; several times.")] = None,
    trained_on: Annotated[
        list[str] | None,
        typer.Option(help="refcoco:train, other data in your words, or nothing; several times."),
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights.")] = None,
    paper: Links = None,
    code: Links = None,
    checkpoint: Links = None,
    vision_encoder: Annotated[str | None, typer.Option(help="Swin-B, ...")] = None,
    text_encoder: Annotated[str | None, typer.Option(help="BERT-base, ...")] = None,
    supersedes: Annotated[int | None, typer.Option(min=1, help="The entry that this one corrects.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it does.")] = None,
    without_predictions: Annotated[
        bool, typer.Option("--without-predictions", help="Do not put the predictions beside the board.")
    ] = False,
    data_root: Annotated[
        Path | None, typer.Option(help="Where the data sets lie; else $REBENCH_DATA, else the cache folder.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Add a run to a leaderboard: scored anew from its masks, beside the best entry, with its possible ranks.

    Nothing is written before you agree. Then propose the changed files as a pull request. A run that is there
    already changes nothing.
    """
    from rebench.cli.console import print_json, stderr
    from rebench.errors import RebenchError
    from rebench.leaderboard.entry import Details
    from rebench.leaderboard.submit import commit, propose

    if source not in ("measured", "author"):
        raise RebenchError(f"no source {source!r}: measured or author")
    details = Details(
        source="author" if source == "author" else "measured", name=name, variant=variant,
        authors=tuple(author or ()), trained_on=tuple(trained_on or ()), licence=licence, paper=paper,
        code=code, checkpoint=checkpoint, vision_encoder=vision_encoder, text_encoder=text_encoder,
        supersedes=supersedes, reason=reason,
    )  # fmt: skip
    proposal = propose(run, leaderboard, details, data_root=data_root)
    if proposal.there is None:
        _show(proposal)
        if not (yes or _agreed()):
            stderr().print("not submitted: nothing was written")
            raise typer.Exit(1)
    number = commit(proposal, keep_predictions=not without_predictions)
    told = f"entry {number} of {leaderboard}"
    stderr().print(f"already there: {told}" if proposal.there else f"written: {told}", soft_wrap=True)
    if json:
        print_json(
            {
                "schema_version": 1,
                "leaderboard": str(leaderboard),
                "entry": number,
                "new": proposal.there is None,
                "ranks": list(proposal.ranks),
                "facts": proposal.draft.raw,
            }
        )


def _agreed() -> bool:
    from rebench.errors import RebenchError

    if not sys.stdin.isatty():
        raise RebenchError("nobody is there to agree: look at the above, then give --yes")
    return typer.confirm("Add this entry?", err=True)


def _show(proposal: "Proposal") -> None:
    """The new entry beside the best one, the test between them, and where it may rank."""
    from rich.text import Text

    from rebench.cli.console import stderr
    from rebench.cli.leaderboard import percent, proposal_table
    from rebench.stats.verdicts import metric_label, p_text, points

    board = proposal.board.raw["board"]
    console, facts = stderr(), proposal.draft.facts
    console.print(proposal_table(proposal))
    lines = [*proposal.changes, "", f"adds one entry to {proposal.board.path} and changes no other"]
    if facts.supersedes:
        lines.append(f"supersedes entry {facts.supersedes}: {facts.reason}")
    if facts.training:
        seen = facts.training.overlap
        unknown = f"; could not look at {', '.join(seen.unknown)}" if seen.unknown else ""
        lines.append(f"{seen.images:,} test images ({percent(seen.share)} %) seen in training{unknown}")
    label = metric_label(board["primary"])
    if (test := proposal.test) is not None:
        ends = f"[{points(test.low)}, {points(test.high)}]" if test.low == test.low else "no interval"
        lines.append(
            f"{label}, new minus best: {points(test.estimate)} {ends} points, {p_text(test.p)} (paired,"
            f" permutation of images, {test.samples:,} expressions)"
        )
    elif proposal.best is not None:
        lines.append(f"{label}: no paired test, the predictions of both are not at hand; see the intervals")
    best, worst = proposal.ranks
    if best is not None:
        ranks = f"rank {best}" if best == worst else f"ranks {best} to {worst}"
        lines.append(f"its interval allows {ranks} of {proposal.entries}")
    for line in lines:
        console.print(Text(line), soft_wrap=True)
