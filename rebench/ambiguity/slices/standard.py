"""Is a slice hard, or are hard expressions frequent in it? Differences with the composition held fixed.

A slice and the rest are compared inside strata of expressions that are alike in what else makes them hard,
and the differences are averaged with the same weights for both sides: direct standardisation.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rebench.stats.bootstrap import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

FEWEST_IMAGES = 2
"""Images that a stratum needs on either side: one says nothing about the spread between images."""


@dataclass(frozen=True, eq=False)
class Difference:
    """A slice minus the rest, in the mean of some value, averaged over strata with the weights of both.

    D = sum over shared strata k of w_k (mean of the slice in k - mean of the rest in k), where w_k is the
    share of k among all expressions of the shared strata. A stratum is shared if both sides have expressions
    of two images or more in it. With a single stratum, D is the raw difference.

    Attributes:
        values: what is averaged, fractions, (n,).
        strata: the stratum of each, numbered from 0.
        inside: which are of the slice, bool (n,); the others are the rest.
        images: the image of each, numbered from 0.

    Source:
        Direct standardisation: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003),
        on the standardization of rates; the standard population is the expressions themselves.
    """

    values: Floats
    strata: Ints
    inside: Bools
    images: Ints

    @cached_property
    def count(self) -> Floats:
        """Expressions of the rest and of the slice in each stratum, (2, strata)."""
        return self._per_side(np.ones(len(self.values)))

    @cached_property
    def images_in(self) -> Floats:
        """Their images, (2, strata)."""
        size = self.images.max(initial=-1) + 1
        cell = np.unique((self.inside * self._strata + self.strata) * size + self.images) // max(size, 1)
        return np.bincount(cell, minlength=2 * self._strata).reshape(2, -1).astype(np.float64)

    @cached_property
    def shared(self) -> Bools:
        """The strata in which both sides can be compared, (strata,)."""
        return np.asarray((self.images_in >= FEWEST_IMAGES).all(axis=0))

    @cached_property
    def weights(self) -> Floats:
        """w, (strata,); 0 where a stratum is not shared. All 0 where none is."""
        both = np.where(self.shared, self.count.sum(axis=0), 0.0)
        return np.asarray(both / max(both.sum(), 1.0))

    @property
    def covered(self) -> float:
        """The share of the slice that lies in shared strata; NaN for a slice without expressions."""
        own = self.count[1]
        return float(own[self.shared].sum() / own.sum()) if own.any() else float("nan")

    @cached_property
    def estimate(self) -> float:
        """D; NaN where no stratum is shared."""
        return float((self.weights * self._gaps).sum()) if self.shared.any() else float("nan")

    @cached_property
    def standard_error(self) -> float:
        """Of D, linearised, with images as units; NaN where no stratum is shared.

        Every expression adds its distance to the mean of its side in its stratum, and what it moves in the
        weights; these are summed within images and squared. A side with m images in a stratum is stretched by
        sqrt(m / (m - 1)), so that independent sides with one stratum give Welch's error.
        """
        if not self.shared.any():
            return float("nan")
        used = self.shared[self.strata]
        side, stratum, value = (part[used] for part in (self.inside.astype(int), self.strata, self.values))
        few, m = self.count[side, stratum], self.images_in[side, stratum]
        pull = self.weights[stratum] * (value - self._means[side, stratum]) / few * np.sqrt(m / (m - 1))
        pull = np.where(side == 1, pull, -pull) + (self._gaps[stratum] - self.estimate) / len(value)
        return float(np.sqrt((np.bincount(self.images[used], pull) ** 2).sum()))

    def interval(self, level: float) -> tuple[float, float]:
        """The ends of the t interval, with the degrees of freedom of the side that has fewer images.

        Cut at -1 and 1, between which a difference of fractions lies.
        """
        from scipy.stats import t

        reach = float(t.ppf((1 + level) / 2, self._freedom)) * self.standard_error
        low, high = np.clip([self.estimate - reach, self.estimate + reach], -1.0, 1.0)
        return float(low), float(high)

    @property
    def p(self) -> float:
        """Two-sided p-value of the same t statistic; NaN where there is no error to compare with."""
        from scipy.stats import t

        error = self.standard_error
        return float(2 * t.sf(abs(self.estimate) / error, self._freedom)) if error > 0 else float("nan")

    @cached_property
    def _strata(self) -> int:
        return int(self.strata.max(initial=-1)) + 1

    @cached_property
    def _means(self) -> Floats:
        total = self._per_side(self.values)
        return np.divide(total, self.count, out=np.zeros(total.shape), where=self.count > 0)

    @property
    def _gaps(self) -> Floats:
        return np.where(self.shared, self._means[1] - self._means[0], 0.0)

    @cached_property
    def _freedom(self) -> int:
        """Images of the side with fewer, less one."""
        used = self.shared[self.strata]
        sides = (self.images[used & self.inside], self.images[used & ~self.inside])
        return min(len(np.unique(side)) for side in sides) - 1

    def _per_side(self, of: Floats) -> Floats:
        cell = self.inside * self._strata + self.strata
        return np.bincount(cell, of, minlength=2 * self._strata).reshape(2, -1).astype(np.float64)
