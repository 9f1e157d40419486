"""Every Eval Ever: one JSON document per entry, schema 0.2.1 (github.com/evaleval/every_eval_ever)."""

import json
from calendar import timegm
from datetime import datetime
from typing import Any

from rebench.leaderboard.schema import Board, BoardDocument, Entry, Estimate, Group
from rebench.leaderboard.standing import live
from rebench.stats.verdicts import metric_label
from rebench.store.folder import folder_name

VERSION = "0.2.1"


def every_eval(document: BoardDocument) -> dict[str, str]:
    """A file per live entry: every metric over all expressions and by group, with intervals."""
    return {
        f"{entry.number:04d}-{folder_name(entry.model.name)}.json": _text(entry, document.board)
        for entry in live(document.entries)
    }


def _text(entry: Entry, board: Board) -> str:
    record = _record(entry, board)
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _record(entry: Entry, board: Board) -> dict[str, Any]:
    model, seconds = entry.model, str(_seconds(entry.date))
    developer = folder_name(model.authors[0]) if model.authors else "unknown"
    library = entry.scorer.rebench if entry.scorer else "unknown"
    printed = entry.source == "paper"
    return {
        "schema_version": VERSION,
        "evaluation_id": f"{board.name}/{folder_name(model.name)}/{seconds}-{entry.number}",
        "dedupe_identity": {"content_hash": entry.sha256, "hash_algorithm": "sha256"},
        "evaluation_timestamp": entry.date,
        "retrieved_timestamp": seconds,
        "source_metadata": {
            "source_name": board.title,
            "source_type": "documentation" if printed else "evaluation_run",
            "source_organization_name": "rebench",
            "evaluator_relationship": "other",
            "additional_details": _details(entry),
        },
        "eval_library": {"name": "unknown" if printed else "rebench", "version": library},
        "model_info": {
            "name": model.name,
            "id": f"{developer}/{folder_name(model.name)}",
            "additional_details": _strings(
                variant=model.variant,
                licence=model.licence,
                vision_encoder=model.vision_encoder,
                text_encoder=model.text_encoder,
                weights_sha256=entry.weights.sha256 if entry.weights else None,
            ),
        },
        "evaluation_results": [
            _result(name, group, metric, estimate, board)
            for name, group in entry.scores.parts
            for metric, estimate in group.metrics.items()
            if estimate.value is not None
        ],
    }


def _result(name: str, group: Group, metric: str, estimate: Estimate, board: Board) -> dict[str, Any]:
    details: dict[str, Any] = {"score": estimate.value}
    if estimate.low is not None and estimate.high is not None:
        details["uncertainty"] = {
            "confidence_interval": {
                "lower": estimate.low,
                "upper": estimate.high,
                "confidence_level": board.interval.level,
                "method": "cluster bootstrap over images, percentile",
            },
            "num_samples": group.n,
            "num_bootstrap_samples": board.interval.resamples,
        }
    return {
        "evaluation_name": f"{board.split} {name} {metric_label(metric)}",
        "source_data": {
            "dataset_name": board.split,
            "source_type": "other",
            "additional_details": _strings(
                manifest_sha256=board.manifest_sha256, protocol=board.protocol, group=name
            ),
        },
        "metric_config": {
            "evaluation_description": f"{metric_label(metric)} on {name} expressions",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": details,
    }


def _details(entry: Entry) -> dict[str, str]:
    training = entry.training
    return _strings(
        source=entry.source,
        entry_sha256=entry.sha256,
        predictions_sha256=entry.predictions.sha256 if entry.predictions else None,
        trained_on=", ".join((*training.splits, *training.other)) if training else None,
        test_images_seen=str(training.overlap.images) if training else None,
        ledger=", ".join(entry.ledger),
    )


def _strings(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}


def _seconds(date: str) -> int:
    return timegm(datetime.fromisoformat(date).utctimetuple())
