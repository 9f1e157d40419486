import numpy as np
import pytest
from scipy import stats
from toy_scores import toy_scores

from rebench.errors import RebenchError
from rebench.stats import compare, lead_change, seed_uncertainty
from rebench.stats.contrast import lead_change_of
from rebench.stats.interactions import null_contributions

(A, B), IMAGES = toy_scores(5, images=40)
FIRST = np.random.default_rng(0).random(len(IMAGES)) < 0.5


def test_a_change_of_lead_is_the_difference_of_the_leads():
    found = lead_change(A, B, IMAGES, "oiou", FIRST, ~FIRST, resamples=200)
    leads = [compare(A, B, IMAGES, "oiou", 20, where=where).estimate for where in (FIRST, ~FIRST)]
    assert (found.lead_first, found.lead_second) == pytest.approx(leads)
    assert found.estimate == pytest.approx(leads[0] - leads[1])
    assert found.low < found.estimate < found.high


def test_swapping_groups_or_runs_flips_the_sign():
    one = lead_change(A, B, IMAGES, "miou", FIRST, ~FIRST, resamples=200)
    for other in (
        lead_change(A, B, IMAGES, "miou", ~FIRST, FIRST, resamples=200),
        lead_change(B, A, IMAGES, "miou", FIRST, ~FIRST, resamples=200),
    ):
        np.testing.assert_allclose(
            [other.estimate, other.low, other.high, other.p],
            [-one.estimate, -one.high, -one.low, one.p],
            atol=1e-12,
        )


def test_a_lead_that_is_the_same_everywhere_is_no_interaction_however_large():
    rng = np.random.default_rng(1)
    b = rng.random(len(IMAGES))
    found = lead_change(b + 0.5, b, IMAGES, "lead", FIRST, ~FIRST, resamples=200)
    assert found.estimate == pytest.approx(0, abs=1e-12)
    assert found.p == 1
    changed = lead_change(b + 0.5 * FIRST, b, IMAGES, "lead", FIRST, ~FIRST, resamples=200)
    assert changed.p == pytest.approx(1 / 201)
    assert changed.estimate == pytest.approx(0.5)


def test_a_group_without_samples_has_no_change():
    found = lead_change(A, B, IMAGES, "oiou", FIRST, np.zeros(len(IMAGES), bool), resamples=20)
    assert np.isnan([found.estimate, found.low, found.p]).all()


@pytest.mark.parametrize("few", [3, 5, 10])
def test_few_images_of_a_group_do_not_find_what_is_not_there(few):
    """300 images; the second group has an expression in a few of them."""
    ids = np.repeat(np.arange(300), 3)
    second = np.zeros(len(ids), bool)
    second[2 : 3 * few : 3] = True
    found = 0
    for attempt in range(150):
        a, b = np.random.default_rng(1000 * few + attempt).beta(2, 2, (2, len(ids)))
        found += lead_change(a, b, ids, "miou", ~second, second, resamples=199, seed=attempt).p < 0.05
    assert found / 150 < 0.12


def test_what_images_add_under_the_hypothesis_is_the_estimate_together():
    change = lead_change_of(A, B, IMAGES, "oiou", FIRST, ~FIRST)
    assert null_contributions(change).sum() == pytest.approx(change.estimate)


def test_a_group_of_one_image_has_no_p():
    only = np.isin(IMAGES, IMAGES[:1])
    found = lead_change(A, B, IMAGES, "oiou", ~only, only, resamples=20)
    assert not np.isnan(found.estimate)
    assert np.isnan(found.p)


def seeds(count, spread, seed, lead=0.0, images=60):
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(images), 3)
    picture = np.random.default_rng(99).normal(0.5, 0.2, images)[ids]
    return [picture + lead + rng.normal(0, spread) + rng.normal(0, 0.05, len(ids)) for _ in range(count)], ids


def test_one_seed_has_test_set_uncertainty_only():
    runs, ids = seeds(1, 0.1, 0)
    found = seed_uncertainty(runs, ids, "miou", resamples=300)
    assert found.estimate == pytest.approx(runs[0].mean())
    assert found.test_set.standard_error > 0
    assert np.isnan(found.training_seed.standard_error)
    assert np.isnan(found.both.low)


def test_training_seed_uncertainty_is_the_t_interval_of_the_seeds():
    runs, ids = seeds(4, 0.02, 1)
    found = seed_uncertainty(runs, ids, "miou", resamples=50)
    values = [run.mean() for run in runs]
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.training_seed.low, found.training_seed.high) == pytest.approx(expected)
    assert found.per_seed == pytest.approx(values)


def test_of_two_models_it_is_welchs():
    runs, ids = seeds(4, 0.02, 1)
    others, _ = seeds(3, 0.05, 2)
    found = seed_uncertainty(runs, ids, "miou", against=others, resamples=50)
    means = [[run.mean() for run in side] for side in (runs, others)]
    welch = stats.ttest_ind(*means, equal_var=False).confidence_interval()
    assert (found.training_seed.low, found.training_seed.high) == pytest.approx((welch.low, welch.high))
    assert found.estimate == pytest.approx(np.mean(means[0]) - np.mean(means[1]))
    assert "4 and 3 seeds" in found.text


@pytest.mark.parametrize("count", [2, 6])
def test_both_add_up_where_they_are_independent(count):
    (run,), ids = seeds(1, 0, 3)
    runs = [run + offset for offset in np.linspace(-0.05, 0.05, count)]
    found = seed_uncertainty(runs, ids, "miou", resamples=4000)
    sum_of_squares = found.test_set.standard_error**2 + found.training_seed.standard_error**2
    assert found.both.standard_error == pytest.approx(np.sqrt(sum_of_squares), rel=0.1)


def test_a_lucky_seed_of_the_rival_makes_the_lead_uncertain():
    (run,), ids = seeds(1, 0, 3)
    found = seed_uncertainty([run], ids, "miou", against=[run, run, run + 0.3], resamples=4000)
    assert np.isnan(found.both.low)  # one seed of ours says nothing about its luck
    found = seed_uncertainty([run, run], ids, "miou", against=[run, run, run + 0.3], resamples=4000)
    assert found.both.low <= found.training_seed.low < 0 < found.training_seed.high <= found.both.high


@pytest.mark.parametrize("count", [2, 3, 5])
def test_both_hold_the_truth_with_few_seeds(count):
    """True mean 0.5: seeds off by 0.02, pictures by 0.2 over 100 of them."""
    held = 0
    for attempt in range(200):
        rng = np.random.default_rng(attempt)
        picture = rng.normal(0.5, 0.2, 100)
        runs = [picture + rng.normal(0, 0.02) + rng.normal(0, 0.05, 100) for _ in range(count)]
        both = seed_uncertainty(runs, np.arange(100), "miou", resamples=200, seed=attempt).both
        held += both.low <= 0.5 <= both.high
    assert held / 200 > 0.91


def test_seeds_that_agree_add_nothing():
    runs, ids = seeds(1, 0.1, 0)
    found = seed_uncertainty(runs * 3, ids, "miou", resamples=300)
    assert found.training_seed.standard_error == pytest.approx(0, abs=1e-12)
    assert found.both.standard_error == pytest.approx(found.test_set.standard_error)


def test_pairing_cancels_the_pictures_in_a_difference():
    runs, ids = seeds(3, 0.0, 4)
    others, _ = seeds(3, 0.0, 5)
    alone = seed_uncertainty(runs, ids, "miou", resamples=500)
    lead = seed_uncertainty(runs, ids, "miou", against=others, resamples=500)
    assert lead.test_set.standard_error < 0.5 * alone.test_set.standard_error


def test_same_seed_same_numbers_and_the_words_are_kept_apart():
    runs, ids = seeds(3, 0.02, 6)
    once, again = (seed_uncertainty(runs, ids, "miou", resamples=100, seed=2) for _ in range(2))
    assert once == again
    assert "test-set uncertainty" in once.text
    assert "training-seed uncertainty" in once.text


def test_nothing_to_average_is_refused():
    with pytest.raises(RebenchError, match="at least one run"):
        seed_uncertainty([], [1, 2], "miou")
    with pytest.raises(RebenchError, match="3 scores, but 2 clusters"):
        seed_uncertainty([np.ones(3)], [1, 2], "miou")
    with pytest.raises(RebenchError, match="true or false"):
        seed_uncertainty([np.ones(2)], [1, 2], "miou", where=[0, 1])
