"""Permutation tests against enumeration by a plain loop over expressions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_scores import toy_scores

from rebench.stats import compare, permutation
from rebench.stats.permutation import generator, sign_flip_tests, swap_test, swap_tests
from rebench.stats.scores import metric_terms
from rebench.stats.sums import ClusterSums, cluster_sums


def both(a, b, images, metric):
    above, below, _ = metric_terms([a, b], metric)
    sums = cluster_sums(above, below, images)
    return tuple(ClusterSums(sums.above[:, [i]], sums.below[:, [i]]) for i in (0, 1))


def by_enumeration(a, b, images, metric):
    above, below, _ = metric_terms([a, b], metric)
    names, rows = np.unique(images, return_inverse=True)

    def lead(swap):
        swapped = np.array(swap)[rows] == 1
        x = np.where(swapped[:, None], above[:, ::-1], above).sum(axis=0)
        y = np.where(swapped[:, None], below[:, ::-1], below).sum(axis=0)
        return x[0] / y[0] - x[1] / y[1]

    observed = abs(lead([0] * len(names)))
    leads = [abs(lead(swap)) for swap in product((0, 1), repeat=len(names))]
    return np.mean([value >= observed - 1e-12 for value in leads])


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(["oiou", "miou", "pr50"]))
def test_few_images_are_enumerated(seed, metric):
    (a, b), images = toy_scores(seed, images=7, lead=0.1)
    p = swap_test(*both(a, b, images, metric), 10, None)[0]
    assert p == pytest.approx(by_enumeration(a, b, images, metric))


def test_many_images_follow_the_recipe():
    (a, b), images = toy_scores(4, images=30, lead=0.05)
    x, y = both(a, b, images, "oiou")
    swaps = np.random.default_rng(1).integers(0, 2, size=(200, 30))

    def lead(swap):
        s = swap[:, None] == 1
        one = np.where(s, y.above, x.above).sum() / np.where(s, y.below, x.below).sum()
        two = np.where(s, x.above, y.above).sum() / np.where(s, x.below, y.below).sum()
        return abs(one - two)

    hits = sum(lead(swap) >= lead(np.zeros(30)) - 1e-12 for swap in swaps)
    assert swap_test(x, y, 200, np.random.default_rng(1))[0] == pytest.approx((1 + hits) / 201)


def test_the_size_of_the_blocks_does_not_matter(monkeypatch):
    (a, b), images = toy_scores(4, images=30, lead=0.05)
    sums = both(a, b, images, "oiou")
    whole = swap_test(*sums, 300, generator(2))
    monkeypatch.setattr(permutation, "_BLOCK", 100)
    assert swap_test(*sums, 300, generator(2)) == whole


def test_chance_comes_near_the_exact_answer(monkeypatch):
    (a, b), images = toy_scores(5, images=11, lead=0.06)
    sums = both(a, b, images, "miou")
    exact = swap_test(*sums, 1, None)[0]
    monkeypatch.setattr(permutation, "EXACT", 0)
    assert abs(swap_test(*sums, 4000, generator(0))[0] - exact) < 5 * np.sqrt(exact * (1 - exact) / 4000)


def test_pairs_share_the_exchanges_without_changing_each_other():
    runs, images = toy_scores(6, images=25, models=3)
    pairs = [(0, 1), (0, 2), (1, 2)]
    sums = [cluster_sums(run["intersection"], run["union"], images) for run in runs]
    above, below = (np.stack([getattr(s, part) for s in sums]) for part in ("above", "below"))
    together = swap_tests(above, below, pairs, 200, generator(0))[:, 0]
    alone = [swap_test(sums[i], sums[j], 200, generator(0))[0] for i, j in pairs]
    np.testing.assert_allclose(together, alone)


def test_p_is_never_zero_and_one_for_identical_models():
    (a, _), images = toy_scores(0, images=40, lead=0)
    far = {"intersection": np.zeros_like(a["intersection"]), "union": a["union"]}
    assert compare(a, far, images, "oiou", 100).p == pytest.approx(1 / 101)
    for metric in ("oiou", "miou", "pr50"):
        assert compare(a, a, images, metric, 100).p == 1


def test_a_swap_that_leaves_a_model_without_union_counts_as_large():
    a = ClusterSums(np.array([[1.0], [0.0]]), np.array([[1.0], [0.0]]))
    b = ClusterSums(np.array([[0.0], [1.0]]), np.array([[0.0], [4.0]]))
    assert swap_test(a, b, 10, None) == [1.0]


def test_no_samples_no_p():
    nothing = ClusterSums(np.zeros((3, 1)), np.zeros((3, 1)))
    assert np.isnan(swap_test(nothing, nothing, 10, None)).all()


def test_sign_flips_are_enumerated_or_drawn():
    pulls = np.random.default_rng(0).normal(0.3, 1, size=(8, 2))
    pulls[:3, 1] = 0
    expected = []
    for column in pulls.T:
        sums = [abs(np.dot(signs, column)) for signs in product((1, -1), repeat=8)]
        expected.append(np.mean(np.array(sums) >= abs(column.sum()) - 1e-12))
    np.testing.assert_allclose(sign_flip_tests(pulls, 10, None), expected)
    many = np.tile(pulls, (5, 1))
    signs = 1 - 2 * generator(3).integers(0, 2, size=(150, 40))
    hits = (np.abs(signs @ many) >= np.abs(many.sum(axis=0)) - 1e-12).sum(axis=0)
    np.testing.assert_allclose(sign_flip_tests(many, 150, generator(3)), (1 + hits) / 151)


def test_sign_flips_of_nothing_and_of_the_unknown():
    zero_and_unknown = np.column_stack([np.zeros(3), [np.nan, 0, 1]])
    p = sign_flip_tests(zero_and_unknown, 10, None)
    assert p[0] == 1
    assert np.isnan(p[1])
