from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from toy_scores import toy_scores

from rebench.errors import RebenchError
from rebench.stats import estimate
from rebench.stats.bootstrap import replicates
from rebench.stats.contrast import difference_of, metric_of
from rebench.stats.intervals import acceleration, alpha_of, bca, ends, percentile
from rebench.stats.sums import ClusterSums

(A, B), IMAGES = toy_scores(2, images=20)


def test_replicates_pool_the_expressions_of_the_drawn_images():
    names = np.unique(IMAGES)
    drawn = np.random.default_rng(5).integers(0, len(names), size=(4, len(names)))
    rows = [np.concatenate([np.flatnonzero(names[k] == IMAGES) for k in draw]) for draw in drawn]
    expected = [A["intersection"][r].sum() / A["union"][r].sum() for r in rows]
    np.testing.assert_allclose(metric_of(A, IMAGES, "oiou").replicates(4, 5), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "theirs"), [("bca", "BCa"), ("basic", "basic"), ("percentile", "percentile")]
)
def test_from_the_same_replicates_the_ends_are_those_of_scipy(method, theirs):
    overall = metric_of(A, IMAGES, "oiou")
    drawn = overall.replicates(2000, 1)
    expected = stats.bootstrap(
        (overall.sums.above[:, 0], overall.sums.below[:, 0]),
        lambda above, below, axis: above.sum(axis=axis) / below.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=0,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=drawn),
        confidence_level=0.9,
        method=theirs,
    ).confidence_interval
    np.testing.assert_allclose(overall.interval(drawn, method, 0.9), expected, rtol=1e-10)


def test_without_skew_or_bias_bca_is_the_percentile_interval():
    drawn = np.linspace(-1, 1, 4001)[:, None]
    left = np.array([[-1.0], [1.0]])
    np.testing.assert_allclose(bca(np.zeros(1), drawn, left, 0.95), percentile(drawn, 0.95))


def test_replicates_equal_to_the_estimate_count_half():
    drawn = np.array([[0.0], [1.0], [1.0], [2.0]])  # share below: 1/4 + 2/8 = 1/2, so no bias
    left = np.array([[-1.0], [1.0]])
    np.testing.assert_allclose(bca(np.ones(1), drawn, left, 0.5), percentile(drawn, 0.5))


def test_acceleration_is_a_sixth_of_the_skewness_of_the_jackknife():
    left = np.random.default_rng(1).gamma(1.0, size=(40, 1))
    expected = -stats.skew(left[:, 0]) / (6 * np.sqrt(40))
    assert acceleration(left)[0] == pytest.approx(expected)
    assert acceleration(np.ones((5, 1)))[0] == 0


def test_the_basic_interval_mirrors_the_percentiles_at_the_estimate():
    drawn = np.random.default_rng(0).random((500, 1))
    low, high = percentile(drawn, 0.8)
    basic = ends("basic", np.array([0.3]), drawn, drawn, 0.8)
    np.testing.assert_allclose(basic, [0.6 - high, 0.6 - low])


def test_no_correction_where_all_replicates_lie_on_one_side():
    low, high = bca(np.array([5.0]), np.arange(4.0)[:, None], np.arange(4.0)[:, None], 0.95)
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize("method", ["percentile", "basic", "bca"])
def test_values_that_are_all_equal_have_an_interval_of_no_width(method):
    found = estimate(np.full(10, 0.25), np.arange(10), "miou", 50, interval=method)
    assert (found.low, found.value, found.high) == (0.25, 0.25, 0.25)
    assert found.standard_error == 0


@pytest.mark.parametrize("method", ["percentile", "basic", "bca"])
def test_a_single_image_has_a_value_but_no_interval(method):
    found = estimate(A, np.ones(len(IMAGES)), "oiou", 50, interval=method)
    assert found.value == pytest.approx(A["intersection"].sum() / A["union"].sum())
    assert np.isnan([found.low, found.high, found.standard_error]).all()
    assert found.images == 1


def test_an_empty_group_has_nothing():
    found = estimate(A, IMAGES, "oiou", 20, where=np.zeros(len(IMAGES), bool))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert (found.samples, found.images) == (0, 0)


@settings(max_examples=25)
@given(
    st.integers(0, 10_000), st.sampled_from(["oiou", "miou", "pr50"]), st.sampled_from(["percentile", "bca"])
)
def test_the_order_of_the_rows_changes_nothing(seed, metric, method):
    order = np.random.default_rng(seed).permutation(len(IMAGES))
    shuffled = {name: values[order] for name, values in A.items()}
    once = estimate(A, IMAGES, metric, 60, seed, interval=method)
    again = estimate(shuffled, IMAGES[order], metric, 60, seed, interval=method)
    np.testing.assert_allclose(
        [again.value, again.low, again.high], [once.value, once.low, once.high], rtol=1e-9
    )


def test_saying_every_expression_twice_narrows_nothing_but_the_naive_interval():
    twice = {name: np.tile(values, 2) for name, values in A.items()}
    ids = np.tile(IMAGES, 2)
    ours = [estimate(scores, i, "miou", 400) for scores, i in ((A, IMAGES), (twice, ids))]
    assert ours[1].high - ours[1].low == pytest.approx(ours[0].high - ours[0].low, rel=1e-9)
    assert ours[1].standard_error == pytest.approx(ours[0].standard_error)
    naive = [estimate(scores, np.arange(len(i)), "miou", 400) for scores, i in ((A, IMAGES), (twice, ids))]
    assert naive[1].high - naive[1].low < 0.85 * (naive[0].high - naive[0].low)


def test_a_contrast_resamples_both_runs_together():
    lead = difference_of(A, B, IMAGES, "miou")
    apart = [metric_of(run, IMAGES, "miou").replicates(30, 3) for run in (A, B)]
    np.testing.assert_allclose(lead.replicates(30, 3), apart[0] - apart[1], atol=1e-12)


def test_a_resample_without_a_share_is_nan_and_left_out():
    above, below = np.zeros((10, 1)), np.zeros((10, 1))
    above[:2], below[:2] = 1.0, 2.0
    drawn = replicates(ClusterSums(above, below), 500, np.random.default_rng(0))
    assert 0 < np.isnan(drawn).sum() < 200
    assert percentile(drawn, 0.95) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("choice", "message"), [({"interval": "t"}, "unknown interval"), ({"level": 95}, "0.95")]
)
def test_unknown_choices_are_refused(choice, message):
    with pytest.raises(RebenchError, match=message):
        estimate(A, IMAGES, **choice)


def test_no_resamples_are_refused():
    with pytest.raises(RebenchError, match="at least one"):
        estimate(A, IMAGES, resamples=0)


def test_the_level_of_a_test_has_no_rounding_error():
    assert alpha_of(0.95) == 0.05
