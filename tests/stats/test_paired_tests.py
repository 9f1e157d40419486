import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from toy_scores import toy_scores

from rebench.errors import RebenchError
from rebench.stats import clustered_mcnemar, mcnemar
from rebench.stats.contrast import difference_of
from rebench.stats.effects import cliffs_delta, standardized, superiority
from rebench.stats.paired import bootstrap_test, t_test, wilcoxon_test

(A, B), IMAGES = toy_scores(8, images=30, lead=0.03)
X, Y = (run["intersection"] / run["union"] for run in (A, B))
SINGLE = np.arange(len(X))


def hits(a_only, b_only, both=20, neither=10):
    a = np.repeat([1, 0, 1, 0], [a_only, b_only, both, neither])
    b = np.repeat([0, 1, 1, 0], [a_only, b_only, both, neither])
    return a, b


def test_with_one_expression_per_image_it_is_the_paired_t_test():
    expected = stats.ttest_rel(X, Y)
    found = t_test(difference_of(X, Y, SINGLE, "miou"))
    assert found == pytest.approx((expected.statistic, expected.pvalue))


def test_a_t_test_without_spread():
    assert t_test(difference_of(X, X, IMAGES, "miou")) == (0, 1)
    constant = t_test(difference_of(np.ones(8), np.zeros(8), np.arange(8), "miou"))
    assert constant.p == 2 / 2**8  # eight equal signs
    assert np.isnan(t_test(difference_of(X, Y, np.zeros(len(X)), "miou")).p)


def test_wilcoxon_is_scipys_on_the_images_mean_differences():
    means = [(X - Y)[image == IMAGES].mean() for image in np.unique(IMAGES)]
    for options in ({}, {"zero_method": "pratt", "correction": True}, {"alternative": "greater"}):
        expected = stats.wilcoxon(np.round(means, 12), **options)
        found = wilcoxon_test(difference_of(X, Y, IMAGES, "miou").sums, **options)
        assert found == pytest.approx((expected.statistic, expected.pvalue))


def test_wilcoxon_of_nothing_and_of_no_difference():
    assert wilcoxon_test(difference_of(X, X, IMAGES, "miou").sums).p == 1
    with pytest.raises(RebenchError, match="nothing to rank"):
        wilcoxon_test(difference_of(X, Y, IMAGES, "miou", np.zeros(len(X), bool)).sums)


def test_the_bootstrap_p_doubles_the_smaller_tail():
    assert bootstrap_test(np.array([1.0] * 97 + [-1.0] * 2)) == pytest.approx(2 * 3 / 100)
    assert bootstrap_test(np.zeros(10)) == 1
    assert np.isnan(bootstrap_test(np.array([np.nan])))


def test_the_bootstrap_p_and_the_percentile_interval_agree():
    drawn = np.random.default_rng(0).normal(0.02, 0.01, 1999)
    for shift in np.linspace(0, 0.03, 13):
        low = np.quantile(drawn - shift, 0.025)
        assert (bootstrap_test(drawn - shift) < 0.05) == (low > 0) or abs(low) < 5e-4


@pytest.mark.parametrize(("a_only", "b_only"), [(48, 56), (3, 9), (0, 4), (5, 5)])
def test_mcnemar_is_a_sign_test_of_the_discordant(a_only, b_only):
    exact = mcnemar(*hits(a_only, b_only))
    assert (exact.a_only, exact.b_only, exact.statistic) == (a_only, b_only, min(a_only, b_only))
    assert exact.p == pytest.approx(stats.binomtest(a_only, a_only + b_only).pvalue)
    half = stats.binom.pmf(min(a_only, b_only), a_only + b_only, 0.5)
    assert mcnemar(*hits(a_only, b_only), "mid-p").p == pytest.approx(
        2 * (stats.binom.cdf(min(a_only, b_only), a_only + b_only, 0.5) - half / 2)
    )
    plain, corrected = (mcnemar(*hits(a_only, b_only), m).statistic for m in ("chi2", "chi2-continuity"))
    assert plain == pytest.approx((a_only - b_only) ** 2 / (a_only + b_only))
    assert corrected == pytest.approx(max(abs(a_only - b_only) - 1, 0) ** 2 / (a_only + b_only))


@pytest.mark.parametrize("method", ["exact", "mid-p", "chi2", "chi2-continuity"])
def test_without_discordant_pairs_nothing_is_found(method):
    assert mcnemar(*hits(0, 0), method).p == 1


def test_in_clusters_of_one_the_clustered_test_is_the_plain_one():
    a, b = hits(7, 15)
    n = len(a)
    plain = mcnemar(a, b, "chi2").statistic
    assert clustered_mcnemar(a, b, np.arange(n), "durkalski").statistic == pytest.approx(plain)
    obuchowski = clustered_mcnemar(a, b, np.arange(n))
    assert obuchowski.statistic == pytest.approx(plain * (n - 1) / n)
    assert (obuchowski.a_only, obuchowski.b_only) == (7, 15)


def test_clustered_mcnemar_by_hand():
    a, b = [1, 1, 0, 1, 0], [0, 0, 1, 1, 0]  # cluster 1: two hits more of 2; cluster 2: one less of 3
    ids = [1, 1, 2, 2, 2]
    assert clustered_mcnemar(a, b, ids).statistic == pytest.approx(1 / 2 * (2 - 1) ** 2 / (4 + 1))
    durkalski = (2 / 2 - 1 / 3) ** 2 / (1 + 1 / 9)
    assert clustered_mcnemar(a, b, ids, "durkalski").statistic == pytest.approx(durkalski)


def test_saying_every_expression_twice_impresses_only_the_plain_test():
    a, b, ids = X >= 0.5, Y >= 0.5, IMAGES
    twice = [np.tile(part, 2) for part in (a, b, ids)]
    assert clustered_mcnemar(*twice).p == pytest.approx(clustered_mcnemar(a, b, ids).p)
    assert mcnemar(*twice[:2], "chi2").statistic == pytest.approx(2 * mcnemar(a, b, "chi2").statistic)


def test_hits_that_are_none_are_refused():
    with pytest.raises(RebenchError, match="threshold"):
        mcnemar([0.5, 1], [1, 0])
    with pytest.raises(RebenchError, match="one per sample"):
        mcnemar([1, 0], [1])
    with pytest.raises(RebenchError, match="unknown McNemar"):
        mcnemar([1, 0], [1, 0], "z")
    with pytest.raises(RebenchError, match="unknown clustered"):
        clustered_mcnemar([1, 0], [1, 0], [1, 2], "z")


def test_the_effect_is_cohens_d_of_paired_values():
    lead = difference_of(X, Y, SINGLE, "miou")
    d = standardized(np.array(lead.estimate), np.array(lead.standard_error), np.array(float(lead.clusters)))
    assert d == pytest.approx((X - Y).mean() / (X - Y).std(ddof=1))
    assert standardized(np.zeros(1), np.zeros(1), np.ones(1)) == [0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_superiority_counts_wins_and_half_the_ties(pairs):
    a, b = np.array(pairs, dtype=float).T
    share = superiority(a[:, None], b[:, None])
    assert share[0] == pytest.approx(np.mean([1 if x > y else 0.5 if x == y else 0 for x, y in pairs]))
    assert cliffs_delta(share)[0] == pytest.approx(np.sign(a - b).mean())


def test_superiority_leaves_out_what_is_unknown():
    assert superiority(np.array([[1.0], [np.nan]]), np.array([[0.0], [0.0]])) == [1]
    assert np.isnan(superiority(np.full((2, 1), np.nan), np.zeros((2, 1)))).all()
