"""How often the tagger agrees with labels: precision, recall and F1 with intervals, and where it is wrong."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from rebench.ambiguity.files import FLAGS, Expression
from rebench.ambiguity.tagger import VERSION, Tags
from rebench.errors import RebenchError

GROUPS = ("simple", "object_distracting", "category_implicit", "both")
SHOWN = 10
"""How many errors are told in full."""


def measure(
    expressions: Sequence[Expression], tags: Sequence[Tags], resamples: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """The quality of tags against the labels of the expressions that have them and are not uncertain.

    Args:
        expressions: with their labels.
        tags: one per expression. One that the tagger cannot read counts as neither.
        resamples: how often the clusters (images; sentences where no image is known) are drawn again.
        seed: of the draws.

    Returns:
        A JSON document: n, clusters, left_out, and per flag the counts tp, fp, fn, tn and precision, recall,
        f1 and accuracy as {"value", "low", "high"} (95 % percentile intervals over whole clusters; None where
        there is nothing to count); the confusion of the groups; and the worst errors.

    Raises:
        RebenchError: no expression has certain labels.
    """
    pairs = [(e, t) for e, t in zip(expressions, tags, strict=True) if e.labels and not e.uncertain]
    if not pairs:
        raise RebenchError(f"no expression has certain labels: wants the columns {' and '.join(FLAGS)}")
    clusters = np.unique([e.cluster for e, _ in pairs], return_inverse=True)[1]
    document: dict[str, Any] = {
        "tagger_version": VERSION,
        "n": len(pairs),
        "clusters": int(clusters.max()) + 1,
        "left_out": {
            "uncertain": sum(bool(e.labels) and e.uncertain for e in expressions),
            "unlabelled": sum(not e.labels for e in expressions),
        },
        "unknown": sum(not t.known for _, t in pairs),
        "resamples": resamples,
        "seed": seed,
    }
    for position, flag in enumerate(FLAGS):
        truth = np.array([(e.labels or (False, False))[position] for e, _ in pairs])
        tagged = np.array([getattr(t, flag) for _, t in pairs])
        document[flag] = _rates(truth, tagged, clusters, resamples, np.random.default_rng(seed))
    document["groups"] = _confusion(pairs)
    document["errors"] = sum((t.object_distracting, t.category_implicit) != e.labels for e, t in pairs)
    document["worst"] = [_error(e, t) for e, t in _worst(pairs)]
    return document


def _rates(
    truth: np.ndarray, tagged: np.ndarray, clusters: np.ndarray, resamples: int, rng: np.random.Generator
) -> dict[str, Any]:
    """The four cells of one flag, and the rates made of them."""
    from rebench.stats.bootstrap import cluster_bootstrap

    cells = np.stack([truth & tagged, ~truth & tagged, truth & ~tagged, ~truth & ~tagged], axis=1).astype(
        float
    )
    sums = np.zeros((clusters.max() + 1, 4))
    np.add.at(sums, clusters, cells)
    tp, fp, fn, tn = sums.T
    above = np.stack([tp, tp, 2 * tp, tp + tn], axis=1)
    below = np.stack([tp + fp, tp + fn, 2 * tp + fp + fn, tp + fp + fn + tn], axis=1)
    estimates = cluster_bootstrap(above, below, resamples, rng)
    rates = {
        name: {
            key: None if np.isnan(x) else float(x)
            for key, x in zip(("value", "low", "high"), of, strict=True)
        }
        for name, *of in zip(("precision", "recall", "f1", "accuracy"), *estimates, strict=True)
    }
    counts = {name: int(n) for name, n in zip(("tp", "fp", "fn", "tn"), cells.sum(axis=0), strict=True)}
    return {**counts, **rates}


def _confusion(pairs: Sequence[tuple[Expression, Tags]]) -> dict[str, dict[str, int]]:
    """How many expressions of each labelled group were tagged as each group."""
    counts = Counter((_group(e), t.group) for e, t in pairs)
    return {truth: {tagged: counts[truth, tagged] for tagged in (*GROUPS, "unknown")} for truth in GROUPS}


def _group(expression: Expression) -> str:
    distracting, implicit = expression.labels or (False, False)
    return GROUPS[distracting + 2 * implicit]


def _worst(pairs: Sequence[tuple[Expression, Tags]]) -> list[tuple[Expression, Tags]]:
    """One of each cluster before a second; then errors in both flags, then by the entities found."""
    wrong = []
    seen: Counter[str] = Counter()
    for number, (e, t) in enumerate(pairs):
        flags = (t.object_distracting, t.category_implicit)
        errors = sum(a != b for a, b in zip(flags, e.labels or flags, strict=True))
        if errors:
            wrong.append((seen[e.cluster], -errors, -t.entities, number))
            seen[e.cluster] += 1
    return [pairs[number] for *_, number in sorted(wrong)[:SHOWN]]


def _error(expression: Expression, tags: Tags) -> dict[str, Any]:
    return {
        "text": expression.text,
        "category": expression.category,
        "labelled": _group(expression),
        "tagged": tags.group,
        "evidence": dict(tags.evidence),
    }
