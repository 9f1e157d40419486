import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebench.ambiguity.slices.standard import FEWEST_IMAGES, Difference


def difference(values, strata, inside, images=None):
    images = np.arange(len(values)) if images is None else np.asarray(images)
    return Difference(np.asarray(values, float), np.asarray(strata), np.asarray(inside, bool), images)


def raw(one):
    return Difference(one.values, np.zeros_like(one.strata), one.inside, one.images)


def kidney_stones():
    """Charig et al. (1986), as in Julious and Mullee (1994): 1 where it helped; small and large stones."""
    cells = [(True, 0, 81, 87), (True, 1, 192, 263), (False, 0, 234, 270), (False, 1, 55, 80)]
    rows = [(k < good, size, open_) for open_, size, good, n in cells for k in range(n)]
    return difference(*map(list, zip(*rows, strict=True)))


def test_simpsons_paradox_of_the_kidney_stones():
    one = kidney_stones()
    assert raw(one).estimate == pytest.approx(273 / 350 - 289 / 350)
    assert raw(one).estimate < 0
    small, large = 357 / 700, 343 / 700
    expected = small * (81 / 87 - 234 / 270) + large * (192 / 263 - 55 / 80)
    assert one.estimate == pytest.approx(expected)
    assert one.estimate > 0.05
    assert one.covered == 1


def test_a_difference_of_composition_alone_vanishes():
    strata = [0] * 8 + [1] * 8
    values = [0.9] * 8 + [0.1] * 8
    inside = [True] * 6 + [False] * 2 + [True] * 2 + [False] * 6
    one = difference(values, strata, inside)
    assert raw(one).estimate == pytest.approx(0.4)
    assert (one.estimate, one.standard_error) == pytest.approx((0, 0), abs=1e-12)


def test_strata_without_a_counterpart_are_left_out_and_told():
    values = [0.2, 0.4, 0.5, 0.7, 1.0, 0.0, 0.3, 0.3]
    strata = [0, 0, 0, 0, 1, 2, 2, 2]
    inside = [1, 1, 0, 0, 1, 1, 0, 0]  # in stratum 1 no rest, in 2 a single image of the slice
    one = difference(values, strata, inside)
    assert one.shared.tolist() == [True, False, False]
    assert one.estimate == pytest.approx(0.3 - 0.6)
    assert one.covered == 2 / 4
    assert one.count[1].tolist() == [2, 1, 1]


def test_nothing_shared_says_nothing():
    one = difference([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1], [1, 1, 0, 0])
    assert math.isnan(one.estimate)
    assert math.isnan(one.standard_error)
    assert math.isnan(one.p)
    assert all(map(math.isnan, one.interval(0.95)))
    assert one.covered == 0
    assert math.isnan(difference([], np.zeros(0, int), []).covered)


def test_independent_sides_give_welchs_error():
    rng = np.random.default_rng(0)
    a, b = rng.random(9), rng.random(14)
    one = difference(np.concatenate([a, b]), np.zeros(23, int), [1] * 9 + [0] * 14)
    assert one.standard_error == pytest.approx(math.sqrt(a.var(ddof=1) / 9 + b.var(ddof=1) / 14))
    low, high = one.interval(0.95)
    reach = 2.306004135  # t with 8 degrees of freedom
    assert (high - low) / 2 == pytest.approx(reach * one.standard_error)
    assert one.interval(1 - one.p)[int(one.estimate < 0)] == pytest.approx(0, abs=1e-12)


def test_an_image_on_both_sides_cancels():
    rng = np.random.default_rng(1)
    ease = rng.random(200)
    values = np.concatenate([ease, ease + rng.normal(0, 0.01, 200)])
    inside = np.repeat([True, False], 200)
    paired = difference(values, np.zeros(400, int), inside, np.tile(np.arange(200), 2))
    apart = difference(values, np.zeros(400, int), inside)
    assert paired.standard_error < apart.standard_error / 10


def test_the_error_is_that_of_a_bootstrap_over_images():
    rng = np.random.default_rng(2)
    images = np.repeat(np.arange(150), rng.integers(1, 5, 150))
    n = len(images)
    strata, inside = rng.integers(0, 3, n), rng.random(n) < 0.4
    values = np.clip(0.2 * strata + 0.1 * inside + 0.3 * rng.random(150)[images] + 0.2 * rng.random(n), 0, 1)
    one = difference(values, strata, inside, images)
    rows = [np.flatnonzero(images == image) for image in range(150)]
    drawn = []
    for _ in range(400):
        pick = [rows[image] for image in rng.integers(150, size=150)]
        again = np.concatenate(pick)
        copies = np.repeat(np.arange(150), [len(part) for part in pick])
        drawn.append(difference(values[again], strata[again], inside[again], copies).estimate)
    assert one.standard_error == pytest.approx(np.std(drawn), rel=0.12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    hits, runs = 0, 600
    for _ in range(runs):
        images = np.repeat(np.arange(80), 3)
        strata = rng.choice(4, len(images), p=[0.4, 0.3, 0.2, 0.1])
        inside = rng.random(len(images)) < np.array([0.1, 0.3, 0.5, 0.8])[strata]
        chance = 0.2 + 0.15 * strata + 0.1 * inside + rng.normal(0, 0.1, 80)[images]
        one = difference(rng.random(len(images)) < chance, strata, inside, images)
        low, high = one.interval(0.95)
        hits += low <= 0.1 <= high
    assert 0.92 <= hits / runs <= 0.98


cases = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 3), st.booleans(), st.integers(0, 6)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80)
@given(cases)
def test_against_plain_loops(rows):
    one = difference([v / 10 for v, *_ in rows], *([r[i] for r in rows] for i in (1, 2, 3)))
    shared = {}
    for k in range(4):
        sides = [
            [(v / 10, image) for v, s, i, image in rows if s == k and i == side] for side in (True, False)
        ]
        if all(len({image for _, image in side}) >= FEWEST_IMAGES for side in sides):
            means = [sum(v for v, _ in side) / len(side) for side in sides]
            shared[k] = (sum(map(len, sides)), means[0] - means[1], len(sides[0]))
    inside = sum(i for *_, i, _ in rows)
    if not shared:
        assert math.isnan(one.estimate)
        return
    total = sum(n for n, *_ in shared.values())
    assert one.estimate == pytest.approx(sum(n * gap for n, gap, _ in shared.values()) / total)
    assert one.covered == pytest.approx(sum(own for *_, own in shared.values()) / inside)
    assert -1 <= one.interval(0.95)[0] <= one.estimate + 1e-12 <= one.interval(0.95)[1] + 2e-12
    mirrored = Difference(one.values, one.strata, ~one.inside, one.images)
    assert mirrored.estimate == pytest.approx(-one.estimate)
    assert mirrored.standard_error == pytest.approx(one.standard_error)
