import json

import numpy as np
import pytest
from scipy import stats
from toy_scores import toy_scores

from rebench.errors import RebenchError
from rebench.stats import compare, power_analysis
from rebench.stats.equivalence import tost, tost_bootstrap

(A, B), IMAGES = toy_scores(9, images=40)


def test_tost_is_two_one_sided_t_tests():
    d, error, images, margin = 0.004, 0.003, 30, 0.01
    below = stats.t.sf((d + margin) / error, images - 1)
    above = stats.t.cdf((d - margin) / error, images - 1)
    assert tost(d, error, images, margin) == pytest.approx(max(below, above))
    assert tost(-d, error, images, margin) == tost(d, error, images, margin)


@pytest.mark.parametrize("d", [0.0, 0.003, 0.0049, 0.0051, 0.02])
def test_it_is_the_ninety_percent_interval_inside_the_margin(d):
    reach = stats.t.ppf(0.95, 29) * 0.003
    inside = d - reach > -0.01 and d + reach < 0.01
    assert (tost(d, 0.003, 30, 0.01) < 0.05) == inside


def test_without_spread_it_is_as_sure_as_so_many_images_make_it():
    found = tost([0, 0, 0.005, 0.02, 0.01], [0] * 5, [5, 300, 300, 300, 300], 0.01)
    np.testing.assert_allclose(found, [0.99**5, 0.99**300, (0.99 / 0.995) ** 300, 1, 1])


@pytest.mark.parametrize("images", [100, 300])
def test_rare_differences_that_were_not_drawn_are_no_tie(images):
    """Every hundredth image differs by 1: exactly at the margin."""
    rng, tied = np.random.default_rng(0), 0
    for _ in range(300):
        hits = (rng.random(images) < 0.01).astype(float)
        tied += compare(hits, np.zeros(images), np.arange(images), "hit", 1).p_equivalence < 0.05
    assert tied / 300 < 0.08


def test_without_an_error_it_is_unknown():
    assert np.isnan(tost(0.0, np.nan, 1, 0.01))
    with pytest.raises(RebenchError, match="above 0"):
        tost(0.0, 0.1, 5, -1)


def test_from_replicates_it_counts_those_beyond_the_margin():
    drawn = np.array([-0.02] * 3 + [0.0] * 94 + [0.02] * 2)
    assert tost_bootstrap(drawn, 0.01) == pytest.approx(4 / 100)
    assert np.isnan(tost_bootstrap(np.array([np.nan]), 0.01))


def test_both_ways_of_asking_agree_about():
    found = compare(A, B, IMAGES, "miou", 4000, margin=0.05)
    drawn = np.random.default_rng(0).normal(found.estimate, found.standard_error, 20_000)
    assert tost_bootstrap(drawn, 0.05) == pytest.approx(found.p_equivalence, abs=0.01)


def test_power_of_independent_values_is_the_textbook_one():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 50))
    found = power_analysis(a, b, np.arange(50), "miou", alpha=0.05, power=0.8)
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    variance = (a - b).var(ddof=1)
    assert found.detectable == pytest.approx(z * np.sqrt(variance / 50))
    assert found.images_for(0.02) == int(np.ceil(z**2 * variance / 0.02**2))
    assert found.power_for(found.detectable) == pytest.approx(0.8)


def test_power_does_what_it_says_in_a_simulation():
    rng, found = np.random.default_rng(3), 0
    ids = np.repeat(np.arange(60), 2)
    truth = 0.35
    for _ in range(300):
        picture = rng.normal(0, 0.5, 60)[ids]
        lead = truth + picture + rng.normal(0, 0.5, 120)
        found += compare(lead, np.zeros(120), ids, "lead", 1, test="t").p < 0.05
    design = power_analysis(lead, np.zeros(120), ids, "lead")
    true_error = np.sqrt((0.5**2 + 0.5**2 / 2) / 60)
    expected = stats.norm.cdf(truth / true_error - stats.norm.ppf(0.975))
    assert abs(found / 300 - expected) < 0.05
    assert design.standard_error == pytest.approx(true_error, rel=0.3)


def test_images_and_the_detectable_difference_are_each_others_inverse():
    found = power_analysis(A, B, IMAGES, "oiou")
    assert found.images_for(found.detectable) in (found.images, found.images + 1)
    assert found.images_for(found.detectable / 2) == pytest.approx(4 * found.images, abs=1)
    assert found.images_for(-found.detectable) == found.images_for(found.detectable)


def test_identical_models_say_nothing_about_the_spread_of_others():
    found = power_analysis(A, A, IMAGES, "oiou")
    assert np.isnan([found.detectable, found.power_for(0.01)]).all()
    with pytest.raises(RebenchError, match="without a spread"):
        found.images_for(0.01)


def test_power_that_cannot_be_had():
    lone = power_analysis(A, B, np.zeros(len(IMAGES)), "oiou")
    assert json.loads(json.dumps(lone.as_dict(), allow_nan=False))["detectable"] is None
    with pytest.raises(RebenchError, match="without a spread"):
        lone.images_for(0.01)
    with pytest.raises(RebenchError, match="difference of 0"):
        power_analysis(A, B, IMAGES, "oiou").images_for(0)
    with pytest.raises(RebenchError, match="between 0 and 1"):
        power_analysis(A, B, IMAGES, "oiou", power=80)
