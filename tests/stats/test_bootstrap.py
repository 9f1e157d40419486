import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rebench.stats import bootstrap
from rebench.stats.bootstrap import cluster_bootstrap


def generator(seed=0):
    return np.random.default_rng(seed)


def by_loop(numerators, denominators, resamples, rng, level):
    clusters = len(numerators)
    values = []
    for _ in range(resamples):
        drawn = rng.integers(clusters, size=clusters)
        values.append(numerators[drawn].sum(axis=0) / denominators[drawn].sum(axis=0))
    return np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)


def test_it_equals_a_plain_loop():
    rng = generator(3)
    below = rng.integers(1, 5, (20, 3)).astype(float)
    above = below * rng.random((20, 3))
    value, low, high = cluster_bootstrap(above, below, 300, generator(7), 0.9)
    np.testing.assert_allclose(value, above.sum(axis=0) / below.sum(axis=0))
    np.testing.assert_allclose([low, high], by_loop(above, below, 300, generator(7), 0.9))


def test_block_size_does_not_matter(monkeypatch):
    above, below = generator(1).random((30, 2)), np.ones((30, 2))
    whole = cluster_bootstrap(above, below, 500, generator(), 0.95)
    monkeypatch.setattr(bootstrap, "_BLOCK", 100)
    np.testing.assert_allclose(cluster_bootstrap(above, below, 500, generator(), 0.95), whole, rtol=1e-12)


def test_same_seed_same_bytes():
    above, below = generator(1).random((30, 2)), np.ones((30, 2))
    once, again, other = (
        np.stack(cluster_bootstrap(above, below, 200, generator(seed), 0.95)).tobytes() for seed in (4, 4, 5)
    )
    assert once == again != other


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_intervals_lie_within_the_range_of_the_clusters(clusters, seed):
    rng = generator(seed)
    below = rng.integers(1, 4, (clusters, 1)).astype(float)
    above = below * rng.random((clusters, 1))
    value, low, high = cluster_bootstrap(above, below, 100, rng, 0.95)
    ratios = above / below
    assert ratios.min() - 1e-12 <= low[0] <= high[0] <= ratios.max() + 1e-12
    assert ratios.min() - 1e-12 <= value[0] <= ratios.max() + 1e-12


def test_one_cluster_has_a_value_but_no_interval():
    value, low, high = cluster_bootstrap(np.array([[1.0]]), np.array([[4.0]]), 100, generator(), 0.95)
    assert value == [0.25]
    assert np.isnan([low, high]).all()


def test_a_ratio_that_only_one_cluster_shares_has_no_interval_and_an_absent_one_no_value():
    above = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    below = np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    value, low, high = cluster_bootstrap(above, below, 200, generator(), 0.95)
    np.testing.assert_array_equal(value, [2 / 3, 0.5, np.nan])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True]


def test_resamples_without_any_share_are_left_out():
    above, below = np.zeros((10, 1)), np.zeros((10, 1))
    above[:2], below[:2] = 1.0, 2.0  # two of ten clusters: about a tenth of the resamples draws neither
    value, low, high = cluster_bootstrap(above, below, 500, generator(), 0.95)
    assert (value, low, high) == (0.5, 0.5, 0.5)


def test_nothing_at_all():
    value, low, high = cluster_bootstrap(np.zeros((0, 2)), np.zeros((0, 2)), 10, generator(), 0.95)
    assert np.isnan([value, low, high]).all()


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng, covered, trials = generator(11), 0, 200
    for _ in range(trials):
        centres = rng.normal(size=(40, 1))
        above = (centres + 0.3 * rng.normal(size=(40, 5))).sum(axis=1, keepdims=True)
        _, low, high = cluster_bootstrap(above, np.full((40, 1), 5.0), 300, rng, 0.95)
        covered += low[0] <= 0 <= high[0]
    assert 0.88 <= covered / trials <= 0.99


def test_correlated_expressions_widen_the_interval():
    rng = generator(2)
    per_image = rng.random((100, 1))
    clustered = cluster_bootstrap(10 * per_image, np.full((100, 1), 10.0), 500, generator(), 0.95)
    flat = np.repeat(per_image, 10, axis=0)
    independent = cluster_bootstrap(flat, np.ones_like(flat), 500, generator(), 0.95)
    assert clustered[2] - clustered[1] > 2 * (independent[2] - independent[1])
