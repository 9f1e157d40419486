"""A small version of benchmarks/statistics_validity.py, seeds fixed: coverage, level, family-wise error."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "statistics_validity.py"
REPETITIONS, RESAMPLES, PICTURES = 250, 399, 120


@pytest.fixture(scope="module")
def validity():
    spec = importlib.util.spec_from_file_location("statistics_validity", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:  # a dataclass looks for its module
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say_and_naive_ones_do_not(validity):
    rows = validity.coverage(REPETITIONS, RESAMPLES, PICTURES)
    assert len(rows) == 12
    for name, ours, naive, _ in rows:
        assert 0.90 <= ours <= 0.985, name
        assert naive < ours - 0.03, name
        assert "difference" in name or naive < 0.85, name


@pytest.mark.slow
def test_p_values_are_uniform_without_a_difference_and_naive_ones_are_not(validity):
    rows = {name: (ours, naive) for name, ours, naive, _ in validity.uniformity(REPETITIONS, 119, PICTURES)}
    for name, (ours, _) in rows.items():
        assert ours > 0.01, name
        if name.startswith("share"):
            assert ours <= 0.09, name
    for metric in ("oiou", "miou"):
        assert rows[f"p of KS: permutation, {metric}"][1] < 0.01
        assert rows[f"share of p < 0.05: permutation, {metric}"][1] > 0.1


@pytest.mark.slow
def test_holm_keeps_the_family_wise_error(validity):
    (_, ours, naive, _), (_, unadjusted, _, _) = validity.family_wise_error(100, 499, 60)
    assert ours <= 0.09
    assert naive > 0.12
    assert unadjusted > 0.25


@pytest.mark.slow
def test_models_that_differ_by_the_margin_are_seldom_called_tied(validity):
    (_, ours, naive, _) = validity.equivalence_error(400, PICTURES)[0]
    assert 0.01 <= ours <= 0.085
    assert naive > ours


def test_the_truth_is_what_a_huge_sample_says(validity):
    world = validity.draw(np.random.default_rng(0), (0.4,), 60_000)
    scores = world.scores[0]
    assert validity.truth("miou", 0.4) == pytest.approx(scores["iou"].mean(), abs=0.003)
    assert validity.truth("pr50", 0.4) == pytest.approx((scores["iou"] >= 0.5).mean(), abs=0.005)
    ratio = scores["intersection"].sum() / scores["union"].sum()
    assert validity.truth("oiou", 0.4) == pytest.approx(ratio, abs=0.005)
