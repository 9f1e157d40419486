"""The results of comparing many runs on many groups in many metrics, and how they were asked for."""

from dataclasses import asdict, dataclass
from typing import Any

from rebench.stats import intervals
from rebench.stats.comparison import Estimate, finite
from rebench.stats.equivalence import MARGIN
from rebench.stats.families import Family
from rebench.stats.interactions import LeadChange
from rebench.stats.ranking import Rank
from rebench.stats.verdicts import Verdict

FAMILIES = {
    "all": "all differences of this comparison",
    "metric": "the differences in {metric}",
    "group": "the differences on {group}",
    "cell": "the differences in {metric} on {group}",
}
"""How hypotheses are put into families: one for all, or one per metric, per group or per both."""


@dataclass(frozen=True)
class Settings:
    """How a panel is made.

    Attributes:
        resamples: bootstrap resamples and random exchanges.
        seed: same seed, same bytes.
        interval: "percentile", "basic" or "bca".
        level: of the intervals; tests are at 1 - level.
        correction: for the number of hypotheses, a key of `families.CORRECTIONS`.
        families: a key of `FAMILIES`.
        margin: of equivalence, a fraction.
        interactions: pairs of groups between which each lead is compared, in a family of their own.
    """

    resamples: int = 10_000
    seed: int = 0
    interval: str = "percentile"
    level: float = 0.95
    correction: str = "holm"
    families: str = "all"
    margin: float = MARGIN
    interactions: tuple[tuple[str, str], ...] = ()

    @property
    def alpha(self) -> float:
        """The level of the tests."""
        return intervals.alpha_of(self.level)


@dataclass(frozen=True)
class RunEstimate:
    """A metric of a run on a group."""

    run: str
    group: str
    estimate: Estimate


@dataclass(frozen=True)
class Difference:
    """The lead of run A over run B in a metric on a group: a - b, fractions.

    Attributes:
        a: name of A.
        b: name of B.
        group: the group.
        metric: the metric.
        estimate: a - b.
        low: lower end of its interval.
        high: upper end.
        p: cluster permutation, two-sided.
        p_adjusted: the same within its family.
        p_equivalence: TOST within the margin.
        p_equivalence_adjusted: the same within the family of equivalences.
        effect: see `Comparison`.
        superiority: see `Comparison`.
        verdict: of A against B, from the adjusted p-values.
        family: the family it was judged in, "Holm over 12".
        text: the finding in a sentence.
    """

    a: str
    b: str
    group: str
    metric: str
    estimate: float
    low: float
    high: float
    p: float
    p_adjusted: float
    p_equivalence: float
    p_equivalence_adjusted: float
    effect: float
    superiority: float
    verdict: Verdict
    family: str
    text: str


@dataclass(frozen=True)
class Ranking:
    """The runs in a metric on a group, best first, and those that may be the best."""

    group: str
    metric: str
    ranks: tuple[Rank, ...]
    best: tuple[str, ...]


@dataclass(frozen=True)
class Interaction:
    """How the lead of A over B differs between two groups."""

    a: str
    b: str
    metric: str
    groups: tuple[str, str]
    change: LeadChange
    p_adjusted: float
    family: str
    text: str


@dataclass(frozen=True)
class Panel:
    """All results of a comparison of runs.

    Attributes:
        settings: how it was made.
        estimates: every metric of every group of every run.
        differences: of every pair of runs in every metric on every group.
        rankings: of the runs, per metric and group.
        interactions: those that were asked for.
        families: every family of hypotheses: differences, equivalences, interactions.
        notes: what a reader should know: samples left out, too few resamples.
    """

    settings: Settings
    estimates: tuple[RunEstimate, ...]
    differences: tuple[Difference, ...]
    rankings: tuple[Ranking, ...]
    interactions: tuple[Interaction, ...]
    families: tuple[Family, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """One JSON document; what is not a finite number is null."""
        return {
            "settings": asdict(self.settings),
            "estimates": [
                {"run": e.run, "group": e.group, **finite(asdict(e.estimate))} for e in self.estimates
            ],
            "differences": [finite(asdict(d)) for d in self.differences],
            "rankings": [
                {"group": r.group, "metric": r.metric, "best": list(r.best)}
                | {"ranks": [finite(asdict(rank)) for rank in r.ranks]}
                for r in self.rankings
            ],
            "interactions": [
                finite({"a": i.a, "b": i.b, "metric": i.metric, "groups": list(i.groups)})
                | finite(asdict(i.change) | {"p_adjusted": i.p_adjusted, "family": i.family, "text": i.text})
                for i in self.interactions
            ],
            "families": [f.as_dict() for f in self.families],
            "notes": list(self.notes),
        }
