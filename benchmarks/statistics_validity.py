"""Do the intervals cover and the tests hold their level? Clustered data with a known truth, many times.

    python benchmarks/statistics_validity.py                 1,000 repetitions, 300 images
    python benchmarks/statistics_validity.py --images 100    a small test set

A picture makes all its expressions easier or harder, for all models alike and for each in its own way.
IoU = logistic(mean + picture + picture and model + expression and model), and large pictures are easier,
so that oIoU and mIoU differ. The truth follows by integration. Every number stands beside what comes out
if expressions are taken as independent ("per expression").
"""

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rebench.stats import (
    Settings,
    adjust,
    clustered_mcnemar,
    compare_runs,
    lead_change,
    mcnemar,
    seed_uncertainty,
)
from rebench.stats.bootstrap import replicates
from rebench.stats.cells import build_cells
from rebench.stats.contrast import difference_of
from rebench.stats.equivalence import tost
from rebench.stats.intervals import ends

IMAGES, MOST = 300, 6
"""Pictures of a test set, and the most expressions of a picture."""
PICTURE, OWN, EXPRESSION = 0.9, 0.5, 0.7
"""Standard deviations on the logit scale: of pictures, of pictures for one model, of expressions."""
SIZE, EASE = 0.6, 0.5
"""Log size of a picture, and the share of a picture's ease that comes with its size."""
LEAD = 0.25
"""A's lead over B on the logit scale, where there is one."""

Row = tuple[str, float, float, str]


@dataclass(frozen=True)
class World:
    """One test set: `scores` of several models on the same expressions."""

    scores: list[dict[str, NDArray[np.float64]]]
    images: NDArray[np.intp]
    group: NDArray[np.bool_]


def draw(rng: np.random.Generator, means: tuple[float, ...], pictures: int) -> World:
    """A test set of `pictures` with 1 to `MOST` expressions each, for models of these means.

    A group of expressions is common in some pictures and rare in others.
    """
    images = np.repeat(np.arange(pictures), rng.integers(1, MOST + 1, pictures))
    count = len(images)
    size = rng.normal(size=pictures)
    ease = PICTURE * (EASE * size + np.sqrt(1 - EASE**2) * rng.normal(size=pictures))
    share = rng.beta(0.3, 0.3, pictures)
    union = 10_000 * np.exp(SIZE * size)[images]
    scores = []
    for mean in means:
        own = OWN * rng.normal(size=pictures)
        iou = _logistic(mean + (ease + own)[images] + EXPRESSION * rng.normal(size=count))
        scores.append({"intersection": iou * union, "union": union, "iou": iou})
    return World(scores, images, rng.random(count) < share[images])


def truth(metric: str, mean: float) -> float:
    """The expected metric of a model, by Gauss-Hermite quadrature.

    oIoU weighs by size: under the lognormal weight, log size has its mean shifted by its variance.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    spread = np.sqrt(PICTURE**2 + OWN**2 + EXPRESSION**2)
    shift = PICTURE * EASE * SIZE if metric == "oiou" else 0.0
    if metric == "pr50":
        from scipy.stats import norm

        return float(norm.cdf(mean / spread))
    return float((_logistic(mean + shift + spread * nodes) * weights).sum() / weights.sum())


def coverage(repetitions: int, resamples: int, pictures: int, seed: int = 0) -> list[Row]:
    """How often 95 % intervals hold the truth: of a metric and of a difference."""
    rng = np.random.default_rng(seed)
    means, metrics, methods = (0.4 + LEAD, 0.4), ("oiou", "miou", "pr50"), ("percentile", "bca")
    per_model = np.array([[truth(metric, mean) for metric in metrics] for mean in means])
    true = np.concatenate([per_model[0], per_model[0] - per_model[1]])
    inside = np.zeros((len(methods), 2, len(true)))
    for repetition in range(repetitions):
        world = draw(rng, means, pictures)
        runs = dict(zip("ab", world.scores, strict=True))
        for naive, clusters in enumerate((world.images, np.arange(len(world.images)))):
            sums = build_cells(runs, clusters, {}, metrics).flat
            drawn = replicates(sums, resamples, np.random.default_rng([repetition, naive]))
            found = [_with_lead(part) for part in (sums.values, drawn, sums.leave_one_out)]
            for number, method in enumerate(methods):
                low, high = ends(method, *found, 0.95)
                inside[number, naive] += (low <= true) & (true <= high)
    inside /= repetitions
    names = [*metrics, *(f"difference in {metric}" for metric in metrics)]
    return [
        (f"coverage, {name}, {method}", *inside[number, :, column].tolist(), "0.93 to 0.97")
        for column, name in enumerate(names)
        for number, method in enumerate(methods)
    ]


def _with_lead(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The three metrics of A, then A's leads, from those of A and B along the last axis."""
    return np.concatenate([values[..., :3], values[..., :3] - values[..., 3:]], axis=-1)


def null_p_values(
    repetitions: int, resamples: int, pictures: int, seed: int = 1
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """p-values of two models that do not differ: with images as units, and per expression."""
    rng = np.random.default_rng(seed)
    found: dict[str, tuple[list[float], list[float]]] = {}
    for repetition in range(repetitions):
        world = draw(rng, (0.4, 0.4), pictures)
        runs = dict(zip("ab", world.scores, strict=True))
        groups = {"some": world.group, "rest": ~world.group}
        settings = Settings(resamples, repetition, interactions=(("some", "rest"),))
        hits = [scores["iou"] >= 0.5 for scores in world.scores]
        for naive, clusters in enumerate((world.images, np.arange(len(world.images)))):
            panel = compare_runs(runs, clusters, groups, ("oiou", "miou", "pr50"), settings)
            p = {f"permutation, {d.metric}": d.p for d in panel.differences if d.group == "overall"}
            p["McNemar (clustered; mid-p)"] = (
                mcnemar(*hits, "mid-p").p if naive else clustered_mcnemar(*hits, clusters).p
            )
            p["interaction, oiou"] = panel.interactions[0].change.p
            for name, value in p.items():
                found.setdefault(name, ([], []))[naive].append(value)
    return {name: (np.array(ours), np.array(naive)) for name, (ours, naive) in found.items()}


def uniformity(repetitions: int, resamples: int, pictures: int, seed: int = 1) -> list[Row]:
    """The Kolmogorov-Smirnov p of the null p-values against the uniform, and how many are below 0.05.

    Differences of Pr@X come in few steps, and their ties make p too large, never too small; for them the
    test looks only for too many small p.
    """
    from scipy.stats import kstest

    rows: list[Row] = []
    for name, both in null_p_values(repetitions, resamples, pictures, seed).items():
        side = "greater" if "pr50" in name or "McNemar" in name else "two-sided"
        ks = [float(kstest(p, "uniform", alternative=side).pvalue) for p in both]
        share = [float((p < 0.05).mean()) for p in both]
        told = "KS" if side == "two-sided" else "KS against too small"
        rows.append((f"p of {told}: {name}", *ks, "above 0.01"))
        rows.append((f"share of p < 0.05: {name}", *share, "0.05"))
    return rows


def family_wise_error(repetitions: int, resamples: int, pictures: int, seed: int = 2) -> list[Row]:
    """How often Holm over 24 true hypotheses rejects any: 4 equal models, 2 groups, 2 metrics."""
    rng = np.random.default_rng(seed)
    false = np.zeros((2, 2))
    for repetition in range(repetitions):
        world = draw(rng, (0.4,) * 4, pictures)
        runs = {f"m{number}": scores for number, scores in enumerate(world.scores)}
        for column, clusters in enumerate((world.images, np.arange(len(world.images)))):
            panel = compare_runs(
                runs,
                clusters,
                {"some": world.group},
                ("oiou", "miou"),
                Settings(resamples=resamples, seed=repetition),
            )
            p = np.array([difference.p for difference in panel.differences])
            false[:, column] += [(adjust(p, "holm") < 0.05).any(), (p < 0.05).any()]
    (holm, naive_holm), (plain, naive_plain) = (false / repetitions).tolist()
    return [
        ("family-wise error, Holm over 24", holm, naive_holm, "at most 0.06"),
        ("family-wise error, unadjusted", plain, naive_plain, "fails, as it must"),
    ]


def equivalence_error(repetitions: int, pictures: int, seed: int = 3) -> list[Row]:
    """How often models that differ by just the margin are called tied, at 0.05."""
    rng = np.random.default_rng(seed)
    means = (0.4 + LEAD, 0.4)
    margin = truth("miou", means[0]) - truth("miou", means[1])
    wrong = np.zeros(2)
    for _ in range(repetitions):
        world = draw(rng, means, pictures)
        for column, clusters in enumerate((world.images, np.arange(len(world.images)))):
            found = difference_of(*world.scores, clusters, "miou")
            wrong[column] += tost(found.estimate, found.standard_error, found.clusters, margin) < 0.05
    wrong /= repetitions
    return [("called tied at the margin", wrong[0], wrong[1], "at most 0.05")]


def small_group_error(repetitions: int, resamples: int, pictures: int, seed: int = 4) -> list[Row]:
    """How often a lead is found to change, at 0.05, in a group with an expression in few pictures."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for few in (3, 10):
        wrong = np.zeros(2)
        for repetition in range(repetitions):
            world = draw(rng, (0.4, 0.4), pictures)
            _, firsts = np.unique(world.images, return_index=True)
            group = np.zeros(len(world.images), dtype=bool)
            group[firsts[:few]] = True
            for column, clusters in enumerate((world.images, np.arange(len(world.images)))):
                arguments = (*world.scores, clusters, "miou", group, ~group)
                p = lead_change(*arguments, resamples=resamples, seed=repetition).p
                wrong[column] += p < 0.05
        rows.append(
            (f"share of p < 0.05: interaction, group of {few} images", *(wrong / repetitions), "0.05")
        )
    return rows


def rare_tie_error(repetitions: int, pictures: int, seed: int = 5) -> list[Row]:
    """How often hits that differ on every hundredth image, which is the margin, are called tied."""
    rng = np.random.default_rng(seed)
    wrong = np.zeros(2)
    images = np.repeat(np.arange(pictures), 3)
    for _ in range(repetitions):
        hits = (rng.random(pictures) < 0.01)[images].astype(float)
        for column, clusters in enumerate((images, np.arange(len(images)))):
            found = difference_of(hits, np.zeros(len(hits)), clusters, "hit")
            differing = found.sums.differing(0, 1)
            equal = tost(found.estimate, found.standard_error, found.clusters, 0.01, differing)
            wrong[column] += equal < 0.05
    wrong /= repetitions
    return [("called tied at the margin, every 100th image differs", wrong[0], wrong[1], "at most 0.05")]


def seed_coverage(repetitions: int, resamples: int, pictures: int, seed: int = 6) -> list[Row]:
    """How often the interval over seeds and images holds the truth; seeds move the logit by 0.1."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    means = 0.4 + 0.1 * np.random.default_rng(seed).normal(size=4000)
    true = float(np.mean([truth("miou", mean) for mean in means[:200]]))
    for count in (2, 3, 5):
        inside = np.zeros(2)
        for repetition in range(repetitions):
            world = draw(rng, tuple(0.4 + 0.1 * rng.normal(size=count)), pictures)
            for column, clusters in enumerate((world.images, np.arange(len(world.images)))):
                both = seed_uncertainty(
                    world.scores, clusters, "miou", resamples=resamples, seed=repetition
                ).both
                inside[column] += both.low <= true <= both.high
        rows.append(
            (f"coverage, miou over {count} seeds and images", *(inside / repetitions), "0.93 to 0.97")
        )
    return rows


def table(repetitions: int, resamples: int, pictures: int) -> list[Row]:
    """All checks: name, with images as units, per expression, what is wanted."""
    return [
        *coverage(repetitions, resamples, pictures),
        *uniformity(repetitions, resamples, pictures),
        *family_wise_error(repetitions, resamples, pictures),
        *equivalence_error(repetitions, pictures),
        *rare_tie_error(repetitions, pictures),
        *small_group_error(repetitions, resamples, pictures),
        *seed_coverage(repetitions, resamples, pictures),
    ]


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-values)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=999)
    parser.add_argument("--images", type=int, default=IMAGES)
    options = parser.parse_args()
    print(f"{options.repetitions:,} repetitions, {options.resamples:,} resamples, {options.images} images\n")
    print(f"{'':56} {'images':>8} {'per expression':>15}   wanted")
    for name, ours, naive, wanted in table(options.repetitions, options.resamples, options.images):
        print(f"{name:56} {ours:8.3f} {naive:15.3f}   {wanted}")
