"""Ratios of sums with intervals: a document is built with ratios as leaves, and settled in one bootstrap.

All leaves share the drawn images, so that two of them differ by what they measure and not by luck.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rebench.stats.bootstrap import Floats, cluster_bootstrap

LEVEL = 0.95

Estimate = dict[str, float | None]
"""One E of a document: value, low and high, each None where it cannot be said."""

UNKNOWN: Estimate = {"value": None, "low": None, "high": None}

Terms = Mapping[str, tuple[Floats, Floats] | None]
"""Metrics by name, as numerators and denominators per score, (n,) each; None for one that is not computed."""


def estimate(value: float, low: float, high: float) -> Estimate:
    """One E, None for NaN; the ends are rounded far below their Monte Carlo error, where platforms differ."""
    ends = (None if np.isnan(end) else round(end, 9) for end in (low, high))
    return dict(zip(("value", "low", "high"), (None if np.isnan(value) else value, *ends), strict=True))


@dataclass(frozen=True, eq=False)
class Ratio:
    """A ratio of sums, as its numerators and denominators per image, (images,) each."""

    above: Floats
    below: Floats


class Images:
    """The image of every score; sums the terms of ratios within images.

    Args:
        image_ids: one per score, (n,).
    """

    def __init__(self, image_ids: Iterable[Any]) -> None:
        ids = list(image_ids)
        numbers = {image: number for number, image in enumerate(dict.fromkeys(ids))}
        self.number: NDArray[np.intp] = np.array([numbers[image] for image in ids], dtype=np.intp)
        self.count = len(numbers)

    def size(self, where: NDArray[np.bool_]) -> dict[str, int]:
        """How many scores are meant, "n", and of how many "images"."""
        return {"n": int(where.sum()), "images": len(np.unique(self.number[where]))}

    def ratio(self, above: ArrayLike, below: ArrayLike, where: NDArray[np.bool_]) -> Ratio:
        """The sum of `above` over the sum of `below`, over the scores where `where` holds.

        Args:
            above: numerators, (n,) or one for all; a score with NaN has no share in the ratio.
            below: denominators, likewise; not negative.
            where: bool (n,).
        """
        parts = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64), where)[:2]
        chosen = where & ~np.isnan(parts[0]) & ~np.isnan(parts[1])
        place = self.number[chosen]
        above, below = (np.bincount(place, part[chosen], minlength=self.count) for part in parts)
        return Ratio(above.astype(np.float64), below.astype(np.float64))

    def ratios(self, terms: Terms, where: NDArray[np.bool_]) -> dict[str, Ratio | Estimate]:
        """The ratio of every metric, by name; UNKNOWN for one without terms."""
        return {
            name: dict(UNKNOWN) if term is None else self.ratio(*term, where) for name, term in terms.items()
        }

    def mean(self, values: ArrayLike, where: NDArray[np.bool_]) -> Ratio:
        """The mean of the values that are known, over the scores where `where` holds."""
        return self.ratio(values, 1.0, where)

    def settle(self, document: Any, resamples: int, rng: np.random.Generator) -> Any:
        """The document with an estimate in the place of every ratio, from one bootstrap over images."""
        leaves = list(_leaves(document))
        if not leaves:
            return document
        above, below = (
            np.column_stack([getattr(leaf, side) for leaf in leaves]) for side in ("above", "below")
        )
        found = np.column_stack(cluster_bootstrap(above, below, resamples, rng, LEVEL)).tolist()
        return _replaced(document, iter(found))


def _leaves(document: Any) -> Iterator[Ratio]:
    if isinstance(document, Ratio):
        yield document
    elif isinstance(document, dict):
        for part in document.values():
            yield from _leaves(part)


def _replaced(document: Any, found: Iterator[list[float]]) -> Any:
    if isinstance(document, Ratio):
        return estimate(*next(found))
    if isinstance(document, dict):
        return {key: _replaced(part, found) for key, part in document.items()}
    return document
