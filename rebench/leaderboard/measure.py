"""From masks to every number of an entry: the one way, for submitting and for verifying."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rebench.data.split import Rle, Split
from rebench.errors import RebenchError
from rebench.leaderboard.schema import Board

if TYPE_CHECKING:
    import pandas as pd

_RATES = ("accuracy", "wrong_instance", "iou_given_right", "chance")


class Measured(NamedTuple):
    """What masks are worth on a board.

    Attributes:
        scores: as `schema.Scores`.
        coverage: as `schema.Coverage`.
        rows: one row per scored expression, the columns of scores.parquet.
    """

    scores: dict[str, Any]
    coverage: dict[str, int]
    rows: "pd.DataFrame"


def measure(masks: Mapping[str, Rle], split: Split, board: Board) -> Measured:
    """Scores the masks by the board's protocol, with its resampling.

    Raises:
        RebenchError: the protocol does not exist or cannot be applied to masks; a mask that does not fit.
    """
    import pandas as pd

    from rebench.metrics.scoring import score_predictions
    from rebench.metrics.summary import summarise

    check_protocol(board.protocol)
    rows = [
        {"sample_id": name, "height": mask["size"][0], "width": mask["size"][1], "rle": mask["counts"]}
        for name, mask in masks.items()
    ]
    predictions = pd.DataFrame(rows, columns=["sample_id", "height", "width", "rle"])
    scored = score_predictions(split, predictions.assign(status="ok", error=None), board.protocol)
    summary = summarise(
        scored.scores, split, board.protocol, seed=board.interval.seed, resamples=board.interval.resamples
    )
    coverage = {"expressions": len(split.samples), "predicted": len(masks), "scored": len(scored.scores)}
    return Measured(_scores(summary, board), coverage, scored.scores)


def check_protocol(name: str) -> None:
    """Raises RebenchError for a protocol that needs more than masks: nobody could verify its scores."""
    from rebench.metrics.masking import needs_logits

    if steps := needs_logits(name):
        raise RebenchError(
            f"a board keeps masks, and protocol {name} needs logits ({', '.join(steps)}): use another"
        )


def _scores(summary: Mapping[str, Any], board: Board) -> dict[str, Any]:
    """The parts of summary.json that a board has."""

    def group(found: Mapping[str, Any], edges: Mapping[str, Any]) -> dict[str, Any]:
        metrics = {name: edges[name] if name == "biou" else found[name] for name in board.metrics}
        return {"n": found["n"], "images": found["images"], "metrics": metrics}

    def rates(found: Mapping[str, Any]) -> dict[str, Any]:
        return {**found["contested"], **{name: found[name] for name in _RATES}}

    edges, identity = summary["edges"], summary["identity"]
    groups = {name: group(found, edges["groups"][name]) for name, found in summary["groups"].items()}
    tagged = summary["labelled"]["tagged"] or summary["labelled"]["unknown"]
    return {
        "labels": f"tagger {summary['tagger']}" if tagged else "gold",
        "overall": group(summary["overall"], edges["overall"]),
        "groups": groups,
        "identity": {
            "overall": rates(identity["overall"]),
            "groups": {name: rates(found) for name, found in identity["groups"].items()},
        },
    }
