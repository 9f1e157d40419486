"""Power: what difference a split can show, and how many images another would need."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rebench.errors import RebenchError
from rebench.stats.contrast import Contrast, difference_of
from rebench.stats.equivalence import NO_SPREAD
from rebench.stats.scores import Scores


@dataclass(frozen=True)
class Power:
    """What a paired comparison can show, from the spread of its difference between images.

    All by the normal approximation of a two-sided test; the wrong-sign tail, which is negligible where
    power is worth having, is left out.

    Attributes:
        images: images with a share in the difference.
        samples: expressions with a share.
        standard_error: cluster-robust, of the difference; NaN below two images, and where no two of them
            differ: how much others would is unknown then.
        alpha: the level of the two-sided test; divide it yourself by the size of a planned family.
        power: the wanted chance to find a difference.

    Source:
        Cohen, Statistical Power Analysis (1988), section 2.2; Card et al., "With little power comes great
        responsibility" (2020), on test sets; clusters as in Miller, "Adding error bars to evals" (2024).
    """

    images: int
    samples: int
    standard_error: float
    alpha: float
    power: float

    @property
    def detectable(self) -> float:
        """The minimum detectable difference, a fraction: found with chance `power` if it is the truth."""
        return float(self._quantiles() * self.standard_error)

    def images_for(self, difference: float) -> int:
        """Images needed to find a difference with chance `power`, if images like these were added.

        Raises:
            RebenchError: the difference is 0, or there is no standard error to go by.
        """
        if difference == 0 or np.isnan(self.standard_error):
            raise RebenchError("no number of images shows a difference of 0, or without a spread to go by")
        variance = self.standard_error**2 * self.images
        return int(np.ceil((self._quantiles() / difference) ** 2 * variance))

    def power_for(self, difference: float) -> float:
        """The chance that these images show a difference of this size."""
        from scipy.stats import norm

        return float(norm.cdf(abs(difference) / self.standard_error - norm.isf(self.alpha / 2)))

    def as_dict(self) -> dict[str, Any]:
        """The fields and the detectable difference, for JSON."""
        known = not np.isnan(self.standard_error)
        return {
            "images": self.images,
            "samples": self.samples,
            "standard_error": self.standard_error if known else None,
            "alpha": self.alpha,
            "power": self.power,
            "detectable": self.detectable if known else None,
        }

    def _quantiles(self) -> float:
        from scipy.stats import norm

        return float(norm.isf(self.alpha / 2) + norm.ppf(self.power))


def power_analysis(
    scores_a: Scores,
    scores_b: Scores,
    clusters: ArrayLike,
    metric: str = "oiou",
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    where: ArrayLike | None = None,
) -> Power:
    """What a split can show about two models like these; the observed difference itself plays no part.

    Args:
        scores_a: see `rebench.stats.compare`.
        scores_b: likewise.
        clusters: image id per sample, (n,).
        metric: likewise.
        alpha: level of the two-sided test.
        power: the wanted chance to find a difference.
        where: bool (n,), the samples of a group.

    Raises:
        RebenchError: alpha or power outside (0, 1), or unusable scores.
    """
    return power_of(difference_of(scores_a, scores_b, clusters, metric, where), alpha, power)


def power_of(difference: Contrast, alpha: float = 0.05, power: float = 0.8) -> Power:
    """The same from a contrast."""
    if not (0 < alpha < 1 and 0 < power < 1):
        raise RebenchError(
            f"alpha {alpha} and power {power} must lie between 0 and 1: 0.05 and 0.8 are usual"
        )
    error = difference.standard_error
    known = error if error > NO_SPREAD else float("nan")
    return Power(difference.clusters, difference.samples, known, alpha, power)
