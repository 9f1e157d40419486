"""The cells of a panel: every metric of every group of every run, as per-image sums with shared images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.errors import RebenchError
from rebench.stats.scores import Scores, metric_terms
from rebench.stats.sums import ClusterSums, Floats, cluster_sums

OVERALL = "overall"


@dataclass(frozen=True, eq=False)
class Cells:
    """Per-image sums of all runs; cell j is the metric `names[j][1]` of the group `names[j][0]`.

    Attributes:
        runs: names of the runs, (R,).
        names: (group, metric) of each cell, (m,).
        above: numerators, (R, C, m).
        below: denominators, (R, C, m).
        samples: samples with a share in each cell, (m,).
        left_out: per metric, how many samples are unknown in some run and so left out for all.
    """

    runs: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    above: Floats
    below: Floats
    samples: NDArray[np.int64]
    left_out: dict[str, int]

    @property
    def flat(self) -> ClusterSums:
        """All runs side by side, columns run by run: (C, R m)."""
        return ClusterSums(*(np.concatenate(list(part), axis=1) for part in (self.above, self.below)))

    def column(self, run: int, group: str, metric: str) -> int:
        """Where a run's metric on a group stands in `flat`."""
        return run * len(self.names) + self.names.index((group, metric))

    def images(self, *runs: int) -> NDArray[np.int64]:
        """Images with a share in each cell in one of some runs, (m,)."""
        return np.count_nonzero((self.below[list(runs)] > 0).any(axis=0), axis=0).astype(np.int64)


def build_cells(
    runs: Mapping[str, Scores],
    clusters: ArrayLike,
    groups: Mapping[str, ArrayLike],
    metrics: Sequence[str],
) -> Cells:
    """Sum the terms of every metric over the samples of every group, per run and image.

    The first group is all samples, "overall", unless `groups` has one of that name.

    Raises:
        RebenchError: unusable scores; a group that is not a mask of the samples.
    """
    ids = np.asarray(clusters)
    terms = {metric: metric_terms(runs.values(), metric, runs) for metric in metrics}
    for metric, (above, *_) in terms.items():
        if len(above) != len(ids):
            raise RebenchError(f"{metric}: {len(above)} scores, but {len(ids)} image ids: give one per score")
    masks = _masks(groups, len(ids))
    names = tuple((group, metric) for group in masks for metric in metrics)
    parts = []
    for run in range(len(runs)):
        columns = [
            np.column_stack([terms[metric][part][:, run] * masks[group] for group, metric in names])
            for part in (0, 1)
        ]
        parts.append(cluster_sums(columns[0], columns[1], ids))
    return Cells(
        runs=tuple(runs),
        names=names,
        above=np.stack([sums.above for sums in parts]),
        below=np.stack([sums.below for sums in parts]),
        samples=np.array([_count(terms[metric].below, masks[group]) for group, metric in names]),
        left_out={metric: int(terms[metric].unknown.sum()) for metric in metrics},
    )


def image_ids(runs: Mapping[str, Scores]) -> NDArray[np.generic]:
    """The column "image_id" of the first run. Raises RebenchError if it has none."""
    name, scores = next(iter(runs.items()))
    try:
        return np.asarray(scores["image_id"])
    except (KeyError, TypeError, IndexError, ValueError):
        raise RebenchError(f"the scores of {name} have no column 'image_id': give clusters") from None


def _masks(groups: Mapping[str, ArrayLike], count: int) -> dict[str, NDArray[np.bool_]]:
    masks = {OVERALL: np.ones(count, dtype=bool)}
    for name, members in groups.items():
        mask = np.asarray(members)
        if mask.dtype != bool or mask.shape != (count,):
            raise RebenchError(
                f"group {name!r} is not a mask of {count} true or false: {mask.dtype} {mask.shape}"
            )
        masks[name] = mask
    return masks


def _count(below: Floats, mask: NDArray[np.bool_]) -> int:
    return int(((below > 0).any(axis=1) & mask).sum())
