"""Hugging Face model cards: the front matter `model-index` of each entry, as YAML.

The form is that of `huggingface_hub.EvalResult` (github.com/huggingface/hub-docs, modelcard.md).
"""

from typing import Any

from rebench.leaderboard.schema import BoardDocument, Entry
from rebench.leaderboard.standing import live
from rebench.stats.verdicts import metric_label
from rebench.store.folder import folder_name


def model_index(document: BoardDocument) -> dict[str, str]:
    """A README.md front matter per live entry; values in percent, as the Hub shows them."""
    import yaml

    return {
        f"{entry.number:04d}-{folder_name(entry.model.name)}.yaml": yaml.safe_dump(
            {"model-index": [_index(entry, document)]}, sort_keys=False, allow_unicode=True
        )
        for entry in live(document.entries)
    }


def _index(entry: Entry, document: BoardDocument) -> dict[str, Any]:
    board, model = document.board, entry.model
    dataset, _, part = board.split.partition(":")
    source: dict[str, str] = {"name": board.title}
    if board.link:
        source["url"] = board.link
    metrics = [
        {"type": metric, "value": round(100 * estimate.value, 6), "name": f"{metric_label(metric)} ({group})"}
        for group, found in entry.scores.parts
        for metric, estimate in found.metrics.items()
        if estimate.value is not None
    ]
    result = {
        "task": {"type": "image-segmentation", "name": "Referring Image Segmentation"},
        "dataset": {"type": dataset, "name": board.split, "split": part or "test"},
        "metrics": metrics,
    }
    if "url" in source:  # a source without an address is none to the Hub
        result["source"] = source
    return {"name": model.full_name, "results": [result]}
