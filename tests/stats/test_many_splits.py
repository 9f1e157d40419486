import numpy as np
import pytest
from scipy import stats

from rebench.errors import RebenchError
from rebench.stats import adjust, conover, critical_difference, friedman, nemenyi
from rebench.stats.splits import split_ranks

# AUC of four variants of C4.5 on 14 data sets: Demsar (2006), table 6. In the row that begins with 0.972 the
# paper prints 0.975 twice, but ranks the third above the fourth.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_the_worked_example_of_demsar():
    found = friedman(DEMSAR)
    np.testing.assert_allclose(found.mean_ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    assert found.chi2_uncorrected == pytest.approx(9.28, abs=0.005)
    uncorrected_f = 13 * found.chi2_uncorrected / (14 * 3 - found.chi2_uncorrected)
    assert uncorrected_f == pytest.approx(3.69, abs=0.005)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, 0.1) == pytest.approx(1.12, abs=0.005)


def test_with_ties_friedman_is_scipys():
    found = friedman(DEMSAR)
    expected = stats.friedmanchisquare(*DEMSAR.T)
    assert (found.chi2, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.f == pytest.approx(13 * found.chi2 / (14 * 3 - found.chi2))


def test_nemenyi_and_the_critical_difference_agree():
    ranks = friedman(DEMSAR).mean_ranks
    gaps = np.abs(ranks[:, None] - ranks)
    p = nemenyi(DEMSAR)
    np.testing.assert_array_equal(p, p.T)
    np.testing.assert_array_equal(np.diag(p), 1)
    for alpha in (0.05, 0.1, 0.3):
        np.testing.assert_array_equal(p < alpha, gaps > critical_difference(4, 14, alpha))


def test_conover_is_the_least_significant_difference_of_a_two_way_anova_of_ranks():
    ranks = split_ranks(DEMSAR)
    residuals = ranks - ranks.mean(axis=1, keepdims=True) - ranks.mean(axis=0) + ranks.mean()
    error = np.sqrt(2 * (residuals**2).sum() / (13 * 3) / 14)
    i, j = np.triu_indices(4, 1)
    gaps = np.abs(ranks.mean(axis=0)[i] - ranks.mean(axis=0)[j])
    expected = 2 * stats.t.sf(gaps / error, 13 * 3)
    np.testing.assert_allclose(conover(DEMSAR, "none")[i, j], expected)
    np.testing.assert_allclose(conover(DEMSAR)[i, j], adjust(expected))


def test_splits_that_all_agree_and_splits_that_say_nothing():
    same = np.tile([3.0, 2.0, 1.0], (5, 1))
    assert friedman(same).mean_ranks.tolist() == [1, 2, 3]
    assert friedman(same).f_p == 0
    assert conover(same)[0, 1] == 0
    tied = np.ones((5, 3))
    assert (friedman(tied).p, friedman(tied).f_p) == (1, 1)
    np.testing.assert_array_equal(conover(tied), 1)
    np.testing.assert_allclose(nemenyi(tied), 1)


def test_order_of_splits_and_monotone_scores_change_nothing():
    other = np.exp(3 * DEMSAR[::-1])
    assert friedman(other).p == pytest.approx(friedman(DEMSAR).p)
    np.testing.assert_allclose(nemenyi(other), nemenyi(DEMSAR))


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.ones((5, 2)), "at least 2 splits"),
        (np.ones((1, 4)), "at least 2 splits"),
        (np.ones(4), "at least 2 splits"),
        (np.array([[1, 2, np.nan], [1, 2, 3]]), "no finite score"),
    ],
)
def test_tables_that_cannot_be_ranked_are_refused(scores, message):
    with pytest.raises(RebenchError, match=message):
        friedman(scores)


def test_a_critical_difference_of_nothing_is_refused():
    with pytest.raises(RebenchError, match="two models"):
        critical_difference(1, 5)
