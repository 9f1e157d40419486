"""The metrics of a model in training, by the suite's own predictor, protocol and scoring."""

from itertools import groupby
from typing import Any

import numpy as np

from baselines.train.processes import ALONE, Processes
from rebench.data.masks import encode
from rebench.data.split import Sample, Split
from rebench.errors import RebenchError
from rebench.metrics.aggregate import reported, totals
from rebench.metrics.masking import of_whole_pictures, to_mask
from rebench.metrics.protocols import Protocol
from rebench.metrics.runs import count_overlaps
from rebench.metrics.targets import target_in
from rebench.predict.interface import Predictor

TOGETHER = 16
"""The most expressions in one call."""


def validate(
    predictor: Predictor, split: Split, protocol: str = "original", processes: Processes = ALONE
) -> dict[str, float]:
    """oIoU, mIoU and Pr@X of a split, as fractions, and `n`, the expressions they stand for.

    The pictures are divided among the processes, each expression scored exactly once; all processes get the
    same numbers, which are those that `rebench run` would print. An expression whose target cannot be scored
    under the protocol is left out.

    Raises:
        RebenchError: unknown protocol, or no expression could be scored.
    """
    choices = of_whole_pictures(protocol)
    pictures = [list(group) for _, group in groupby(split.samples, key=lambda sample: sample.image_id)]
    counts: list[tuple[str, int, int]] = []
    for group in pictures[processes.rank :: processes.world]:
        counts += _counts(predictor, split, group, choices)
    rows = processes.gather(counts)
    if len({name for name, *_ in rows}) < len(rows):
        raise RebenchError(f"{split.name} has its pictures' expressions apart: some were scored twice")
    if not rows:
        raise RebenchError(f"no expression of {split.name} can be scored under protocol {choices.name}")
    place = {sample.sample_id: i for i, sample in enumerate(split.samples)}
    rows.sort(key=lambda row: place[row[0]])
    shared, union = (np.array([row[i] for row in rows], np.int64) for i in (1, 2))
    found = totals(shared, union, choices)
    return {name: float(found[name] or 0.0) for name in ("n", *reported(choices))}


def _counts(
    predictor: Predictor, split: Split, group: list[Sample], protocol: Protocol
) -> list[tuple[str, int, int]]:
    """Intersection and union of the expressions of one picture."""
    image, found = split.image(group[0].image_id), []
    for begin in range(0, len(group), TOGETHER):
        asked = group[begin : begin + TOGETHER]
        outputs: Any = predictor.predict(image, [sample.expression for sample in asked])
        for sample, output in zip(asked, outputs, strict=True):
            try:
                target = target_in(split, sample, protocol)
            except RebenchError:
                continue
            mask = encode(to_mask(output, sample.height, sample.width, protocol))
            (row,) = count_overlaps([mask], [target]).tolist()
            shared, union, _, target_area = row
            if target_area or protocol.empty_target == "scored":
                found.append((sample.sample_id, shared, union))
    return found
