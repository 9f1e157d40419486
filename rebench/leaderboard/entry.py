"""What a run, or rows of the ledger, would say as an entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import rebench
from rebench.data.split import Rle, Split
from rebench.errors import RebenchError
from rebench.leaderboard.board_file import checked_facts
from rebench.leaderboard.measure import measure
from rebench.leaderboard.predictions_file import SUFFIX, Packed, pack
from rebench.leaderboard.printed import is_named, printed_results, printed_scores
from rebench.leaderboard.schema import Board, Facts, Source
from rebench.leaderboard.training import declared
from rebench.store.folder import RunFolder, folder_name

if TYPE_CHECKING:
    import pandas as pd

    from rebench.store.record import RunRecord


@dataclass(frozen=True, kw_only=True)
class Details:
    """What a run does not know of itself; what is None or empty is taken from run.json where that has it.

    Attributes:
        trained_on: splits that we know, other data in its own words, or "nothing".
        checkpoint: where the weights can be had.
        supersedes: the number of the entry that this one corrects, with `reason`.
    """

    source: Source = "measured"
    name: str | None = None
    variant: str | None = None
    authors: tuple[str, ...] = ()
    licence: str | None = None
    paper: str | None = None
    code: str | None = None
    checkpoint: str | None = None
    vision_encoder: str | None = None
    text_encoder: str | None = None
    trained_on: tuple[str, ...] = ()
    supersedes: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Draft:
    """An entry that is not in the board yet.

    Attributes:
        raw: its facts as they will stand in the file.
        facts: the same as types.
        packed: its predictions file; None for printed numbers.
        rows: its scores per expression; None for printed numbers.
    """

    raw: dict[str, Any]
    facts: Facts
    packed: Packed | None = None
    rows: "pd.DataFrame | None" = None


def draft_of_run(
    path: str | Path, board: Board, split: Split, details: Details, data_root: str | Path | None = None
) -> Draft:
    """A run as an entry: its masks are packed and scored anew, by the board's protocol and resampling.

    Raises:
        RebenchError: no run, of another split, or by a protocol whose masks the board cannot use; training
            data are not declared; a field that a board does not take.
    """
    from rebench.evaluation import predictions_under

    folder = RunFolder(path)
    record = folder.record
    if record.split.manifest_sha256 != split.manifest.sha256:
        raise RebenchError(
            f"{path} was made on {record.split.name} (manifest {record.split.manifest_sha256[:12]}),"
            f" the board is of {split.name} ({split.manifest.sha256[:12]}): run the model on that"
        )
    predictions, _ = predictions_under(folder, split, board.protocol)
    masks = _masks(predictions)
    if not masks:
        raise RebenchError(f"{path} has no mask: nothing can be submitted")
    name = details.name or record.model.name
    variant = details.variant or record.model.variant
    packed = pack(masks, split, f"{name}:{variant}" if variant else name)
    found = measure(masks, split, board)
    raw = _common(details, name, variant, record) | {
        "training": declared(_trained_on(details, record), split, data_root),
        "manifest_sha256": split.manifest.sha256,
        "weights": _weights(record),
        "predictions": _file(board, name, variant, packed),
        "coverage": found.coverage,
        "scores": found.scores,
        "scorer": {"rebench": rebench.__version__, "numpy": np.__version__},
        "efficiency": _efficiency(record, predictions),
        "environment": _environment(record) if record.source == "run" else None,
        "ledger": [],
    }
    return Draft(raw, checked_facts(raw), packed, found.rows)


def draft_of_ledger(ids: Sequence[str], board: Board, details: Details) -> Draft:
    """Printed numbers as an entry. Raises RebenchError for rows that are not of one model on this board."""
    from rebench.published.ledger import Ledger

    ledger = Ledger.read()
    rows = printed_results(ids, board, ledger)
    first = rows[0]
    encoders = {"vision_encoder": first.backbone, "text_encoder": first.text_encoder}
    given = {key: getattr(details, key) or value for key, value in encoders.items()}
    raw = _common(details, details.name or first.model, details.variant or first.variant, None) | {
        "source": "paper",
        "training": None,
        "manifest_sha256": None,
        "weights": None,
        "predictions": None,
        "coverage": None,
        "scores": printed_scores(rows),
        "scorer": None,
        "efficiency": None,
        "environment": None,
        "ledger": list(ids),
    }
    raw["model"] |= given
    facts = checked_facts(raw)
    if not is_named(facts.model, first):
        raise RebenchError(
            f"{ids[0]} is of {first.model}, {first.variant or 'no variant'}: printed numbers keep their name;"
            " --name and --variant may change its letters' case and separators"
        )
    return Draft(raw, facts)


def _common(details: Details, name: str, variant: str | None, record: "RunRecord | None") -> dict[str, Any]:
    """Source, model, and what it supersedes."""
    licence = details.licence or (record.model.licence if record else None)
    paper = details.paper or (record.model.paper if record else None)
    model = {
        "name": name,
        "variant": variant,
        "authors": list(details.authors),
        "licence": licence,
        "paper": paper if details.paper or (paper or "").startswith("https://") else None,
        "code": details.code,
        "checkpoint": details.checkpoint,
        "vision_encoder": details.vision_encoder,
        "text_encoder": details.text_encoder,
    }
    return {
        "source": details.source,
        "model": model,
        "supersedes": details.supersedes,
        "reason": details.reason,
    }


def _masks(predictions: "pd.DataFrame") -> dict[str, Rle]:
    answered = predictions[predictions["status"] == "ok"]
    columns = (answered[name] for name in ("sample_id", "height", "width", "rle"))
    return {
        name: {"size": [int(height), int(width)], "counts": counts}
        for name, height, width, counts in zip(*columns, strict=True)
    }


def _trained_on(details: Details, record: "RunRecord") -> tuple[str, ...]:
    names = details.trained_on or record.model.trained_on
    if not names:
        raise RebenchError(
            "training data are not declared: give --trained-on refcoco:train (a split, or its name in your"
            " words; several times), or --trained-on nothing"
        )
    return names


def _weights(record: "RunRecord") -> dict[str, Any] | None:
    if record.model.weights_sha256 is None:
        return None
    return {"name": record.model.weights, "sha256": record.model.weights_sha256}


def _file(board: Board, name: str, variant: str | None, packed: Packed) -> dict[str, Any]:
    """Where the predictions go: below the board's folder, under a name that no other predictions have."""
    called = folder_name(f"{name}-{variant}" if variant else name)
    file = f"predictions/{board.name}/{called}-{packed.sha256[:12]}{SUFFIX}"
    return {"file": file, "sha256": packed.sha256, "bytes": packed.bytes}


def _efficiency(record: "RunRecord", predictions: "pd.DataFrame") -> dict[str, Any]:
    seconds = predictions["seconds"].mean()
    known = seconds == seconds
    return {
        "parameters": record.model.parameters,
        "seconds_per_expression": float(f"{seconds:.4g}") if known else None,
    }


def _environment(record: "RunRecord") -> dict[str, Any]:
    place = record.environment
    names = (
        "rebench", "python", "numpy", "torch", "platform", "device", "device_name", "scan_backend", "commit",
        "dirty",
    )  # fmt: skip
    return {name: getattr(place, name) for name in names}


def same_facts(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries say the same of the same predictions; where and when they were made may differ."""
    aside = ("number", "date", "previous", "sha256", "scorer", "environment", "efficiency")
    return all(one.get(key) == other.get(key) for key in {*one, *other} - set(aside))
